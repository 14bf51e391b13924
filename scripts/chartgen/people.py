# SPDX-License-Identifier: GPL-3.0-or-later
"""Invented people: a patient index with twins, name twins and Jr/Sr in it, and the ways a name is printed."""
import csv
import dataclasses
import datetime

GIVEN_F = """Mary Patricia Linda Barbara Elizabeth Jennifer Maria Susan Margaret Dorothy Lisa Nancy Karen Betty Helen
Sandra Donna Carol Ruth Sharon Michelle Laura Sarah Kimberly Deborah Jessica Shirley Cynthia Angela Melissa Brenda Amy
Anna Rebecca Virginia Kathleen Pamela Martha Debra Amanda Stephanie Carolyn Christine Marie Janet Catherine Frances Ann
Joyce Diane Alice Julie Heather Teresa Doris Gloria Evelyn Jean Cheryl Mildred Katherine Joan Ashley Judith Rose Janice
Kelly Nicole Judy Christina Kathy Theresa Beverly Denise Tammy Irene Jane Lori Rachel Marilyn Andrea Kathryn Louise Sara
Anne Jacqueline Wanda Bonnie Julia Ruby Lois Tina Phyllis Norma Paula Diana Annie Lillian Emily Robin Peggy Crystal
Gladys Rita Dawn Connie Florence Tracy Edna Tiffany Carmen Rosa Cindy Grace Wendy Victoria Edith Kim Sherry Sylvia
Josephine Thelma Shannon Sheila Ethel Ellen Elaine Marjorie Carrie Charlotte Monica Esther Pauline Emma Juanita Anita
Rhonda Hazel Amber Eva Debbie April Leslie Clara Lucille Jamie Joanne Eleanor Valerie Danielle Megan Alicia Suzanne
Michele Gail Bertha Darlene Veronica Jill Erin Geraldine Lauren Cathy Joann Lorraine Lynn Sally Regina Erica Beatrice
Dolores Bernice Audrey Yvonne Annette Marion Dana Stacy Ana Renee Ida Vivian Roberta Holly Brittany Melanie Loretta
Yolanda Jeanette Laurie Katie Kristen Vanessa Alma Sue Elsie Beth Jeanne Vicki Carla Tara Rosemary Eileen Gertrude Lucy
Tonya Ella Stacey Wilma Gina Kristin Jessie Natalie Agnes Vera Willie Charlene Bessie Delores Melinda Pearl Arlene
Maureen Colleen Allison Tamara Joy Georgia Constance Lillie Claudia Marcia Tanya Nellie Minnie Marlene Heidi Glenda
Olivia Sophia Abigail Madison Chloe Priya Mei Fatima Leilani Guadalupe Ingrid Svetlana Aaliyah Imani Keisha Noemi""".split()

GIVEN_M = """James John Robert Michael William David Richard Charles Joseph Thomas Christopher Daniel Paul Mark Donald
George Kenneth Steven Edward Brian Ronald Anthony Kevin Jason Matthew Gary Timothy Jose Larry Jeffrey Frank Scott Eric
Stephen Andrew Raymond Gregory Joshua Jerry Dennis Walter Patrick Peter Harold Douglas Henry Carl Arthur Ryan Roger Joe
Juan Jack Albert Jonathan Justin Terry Gerald Keith Samuel Ralph Lawrence Nicholas Roy Benjamin Bruce Brandon
Adam Harry Fred Wayne Billy Steve Louis Jeremy Aaron Randy Howard Eugene Carlos Russell Bobby Victor Martin Ernest
Phillip Todd Jesse Craig Alan Shawn Clarence Sean Philip Chris Johnny Earl Jimmy Antonio Danny Bryan Tony Luis Mike
Stanley Leonard Nathan Dale Manuel Rodney Curtis Norman Allen Marvin Vincent Glenn Jeffery Travis Jeff Chad Jacob Lee
Melvin Alfred Kyle Francis Bradley Jesus Herbert Frederick Ray Joel Edwin Don Eddie Ricky Troy Randall Barry Alexander
Bernard Mario Leroy Francisco Marcus Micheal Theodore Clifford Miguel Oscar Jay Jim Tom Calvin Alex Jon Ronnie Bill
Lloyd Tommy Leon Derek Warren Darrell Jerome Floyd Leo Alvin Tim Wesley Gordon Dean Greg Jorge Dustin Pedro Derrick Dan
Lewis Zachary Corey Herman Maurice Vernon Roberto Clyde Glen Hector Shane Ricardo Sam Rick Lester Brent Ramon Charlie
Tyler Gilbert Gene Marc Reginald Ruben Brett Angel Nathaniel Rafael Leslie Edgar Milton Raul Ben Chester Cecil Duane
Franklin Andre Elmer Brad Gabriel Ron Mitchell Roland Arnold Harvey Jared Adrian Karl Cory Claude Erik Darryl Jamie Neil
Ethan Logan Mason Aiden Rajesh Hiroshi Omar Dmitri Kwame Tomas Anders Malik Tyrone DeShawn Mateo Enrique Luca""".split()

SURNAMES = """Smith Johnson Williams Jones Brown Davis Miller Wilson Moore Taylor Anderson Thomas Jackson White Harris
Martin Thompson Garcia Martinez Robinson Clark Rodriguez Lewis Lee Walker Hall Allen Young Hernandez King Wright Lopez
Hill Scott Green Adams Baker Gonzalez Nelson Carter Mitchell Perez Roberts Turner Phillips Campbell Parker Evans Edwards
Collins Stewart Sanchez Morris Rogers Reed Cook Morgan Bell Murphy Bailey Rivera Cooper Richardson Cox Howard Ward
Torres Peterson Gray Ramirez James Watson Brooks Kelly Sanders Price Bennett Wood Barnes Ross Henderson Coleman Jenkins
Perry Powell Long Patterson Hughes Flores Washington Butler Simmons Foster Gonzales Bryant Alexander Russell Griffin
Diaz Hayes Myers Ford Hamilton Graham Sullivan Wallace Woods Cole West Jordan Owens Reynolds Fisher Ellis Harrison
Gibson McDonald Cruz Marshall Ortiz Gomez Murray Freeman Wells Webb Simpson Stevens Tucker Porter Hunter Hicks Crawford
Henry Boyd Mason Morales Kennedy Warren Dixon Ramos Reyes Burns Gordon Shaw Holmes Rice Robertson Hunt Black Daniels
Palmer Mills Nichols Grant Knight Ferguson Rose Stone Hawkins Dunn Perkins Hudson Spencer Gardner Stephens Payne Pierce
Berry Matthews Arnold Wagner Willis Ray Watkins Olson Carroll Duncan Snyder Hart Cunningham Bradley Lane Andrews Ruiz
Harper Fox Riley Armstrong Carpenter Weaver Greene Lawrence Elliott Chavez Sims Austin Peters Kelley Franklin Lawson
Fields Gutierrez Ryan Schmidt Carr Vasquez Castillo Wheeler Chapman Oliver Montgomery Richards Williamson Johnston Banks
Meyer Bishop McCoy Howell Alvarez Morrison Hansen Fernandez Garza Harvey Little Burton Stanley Nguyen George Jacobs Reid
Kim Fuller Lynch Dean Gilbert Garrett Romero Welch Larson Frazier Burke Hanson Day Mendoza Moreno Bowman Medina Fowler
Brewer Hoffman Carlson Silva Pearson Holland Douglas Fleming Jensen Vargas Byrd Davidson Hopkins May Terry Herrera Wade
Soto Walters Curtis Neal Caldwell Lowe Jennings Barnett Graves Jimenez Horton Shelton Barrett Obrien Castro Sutton
Gregory McKinney Lucas Miles Craig Rodriquez Chambers Holt Lambert Fletcher Watts Bates Hale Rhodes Pena Beck Newman
Haynes McDaniel Mendez Bush Vaughn Parks Dawson Santiago Norris Hardy Love Steele Curry Powers Schultz Barker Guzman
Page Munoz Ball Keller Chandler Weber Leonard Walsh Lyons Ramsey Wolfe Schneider Mullins Benson Sharp Bowen Daniel
Barber Cummings Hines Baldwin Griffith Valdez Hubbard Salazar Reeves Warner Stevenson Burgess Santos Tate Cross Garner
Mann Mack Moss Thornton Dennis McGee Farmer Delgado Aguilar Vega Glover Manning Cohen Harmon Rodgers Robbins Newton Todd
Blair Higgins Ingram Reese Cannon Strickland Townsend Potter Goodwin Walton Rowe Hampton Ortega Patton Swanson Joseph
Francis Goodman Maldonado Yates Becker Erickson Hodges Rios Conner Adkins Webster Norman Malone Hammond Flowers Cobb
Moody Quinn Blake Maxwell Pope Floyd Osborne Paul McCarthy Guerrero Lindsey Estrada Sandoval Gibbs Tyler Gross
Fitzgerald Stokes Doyle Sherman Saunders Wise Colon Gill Alvarado Greer Padilla Simon Waters Nunez Ballard Schwartz
McBride Houston Christensen Klein Pratt Briggs Parsons McLaughlin Zimmerman French Buchanan Moran Copeland Roy Pittman
Brady McCormick Holloway Brock Poole Frank Logan Owen Bass Marsh Drake Wong Jefferson Park Morton Abbott Sparks Patrick
Norton Huff Clayton Massey Lloyd Figueroa Carson Bowers Roberson Barton Tran Lamb Harrington Casey Boone Cortez Clarke
Mathis Singleton Wilkins Cain Bryan Underwood Hogan McKenzie Collier Luna Phelps McGuire Allison Bridges Wilkerson Nash
Summers Atkins Okafor Kowalski Petrov Yamamoto Patel Haddad Nakamura Ivanova Lindqvist Abubakar O'Brien
O'Neill DeLaCruz VanDyke Smith-Jones Reyes-Ortiz""".split()

NICKNAMES = {"William": "Bill", "Robert": "Bob", "Richard": "Rick", "James": "Jim", "John": "Jack", "Michael": "Mike",
             "Thomas": "Tom", "Charles": "Chuck", "Joseph": "Joe", "Edward": "Ed", "Daniel": "Dan", "David": "Dave",
             "Steven": "Steve", "Kenneth": "Ken", "Anthony": "Tony", "Christopher": "Chris", "Matthew": "Matt",
             "Benjamin": "Ben", "Samuel": "Sam", "Andrew": "Andy", "Nicholas": "Nick", "Timothy": "Tim",
             "Lawrence": "Larry", "Gerald": "Jerry", "Ronald": "Ron", "Donald": "Don", "Elizabeth": "Betty",
             "Margaret": "Peggy", "Patricia": "Pat", "Katherine": "Kathy", "Catherine": "Cathy", "Deborah": "Debbie",
             "Susan": "Sue", "Barbara": "Barb", "Jennifer": "Jenny", "Rebecca": "Becky", "Victoria": "Vicki",
             "Dorothy": "Dot", "Frances": "Fran", "Virginia": "Ginny", "Theresa": "Terry", "Judith": "Judy",
             "Kimberly": "Kim", "Pamela": "Pam", "Cynthia": "Cindy", "Christine": "Chris", "Alexander": "Alex",
             "Jessica": "Jess", "Amanda": "Mandy", "Kathleen": "Kathy", "Melissa": "Missy", "Nancy": "Nan", "Sandra": "Sandy", "Angela": "Angie",
             "Stephanie": "Steph", "Joshua": "Josh", "Gregory": "Greg", "Jeffrey": "Jeff", "Raymond": "Ray", "Patrick": "Pat", "Nathan": "Nate",
             "Zachary": "Zach", "Frederick": "Fred", "Francis": "Frank", "Leonard": "Len", "Philip": "Phil", "Stephen": "Steve", "Douglas": "Doug",
             "Peter": "Pete", "Henry": "Hank", "Walter": "Walt", "Albert": "Al", "Theodore": "Ted", "Eugene": "Gene", "Eleanor": "Ellie",
             "Josephine": "Jo", "Jacqueline": "Jackie", "Valerie": "Val", "Suzanne": "Sue", "Rosemary": "Rose", "Abigail": "Abby", "Samantha": "Sam"}

STREETS = """Maple Oak Cedar Elm Pine Birch Walnut Chestnut Willow Spruce Main Church Park Lake Hill River Mill Spring
Ridge Meadow Forest Highland Sunset Prospect Jackson Lincoln Franklin Jefferson Madison Harrison Grant Union Center
Railroad College Orchard Valley Garden Locust Magnolia Dogwood Juniper Sycamore Hickory""".split()
STREET_KINDS = "St Ave Rd Dr Ln Blvd Ct Way Pl Terrace".split()
CITIES = [("Harlow Falls", "OH", "449"), ("Brookhaven", "PA", "190"), ("Cedar Bluff", "IA", "522"),
          ("Marston", "NC", "283"), ("Port Ellery", "WA", "983"), ("Granville", "NY", "128"), ("Tolland", "CT", "060"),
          ("Easton Mills", "MA", "023"), ("Redwater", "TX", "755"), ("Salt Fork", "OK", "745"), ("Pineridge", "GA", "301"),
          ("Alder Creek", "OR", "970"), ("Whitfield", "NH", "035"), ("Larkspur", "CO", "801"), ("Mesa Verde", "AZ", "852"),
          ("Fairmont", "WV", "265"), ("Kettle River", "MN", "557"), ("Bayou Vista", "LA", "703"), ("Dunmore", "VA", "229"),
          ("Sandhill", "FL", "326"), ("Elk Point", "SD", "570"), ("Rockport", "ME", "048"), ("Union Gap", "CA", "953"),
          ("Prairie View", "IL", "617"), ("Stonebridge", "MI", "484"), ("Oak Harbor", "WI", "546")]

FIELDS = ("mrn last_name first_name middle_name suffix birth_date sex address city state zip phone").split()


@dataclasses.dataclass
class Person:
    mrn: str
    last_name: str
    first_name: str
    middle_name: str
    suffix: str
    birth_date: str  # YYYY-MM-DD
    sex: str
    address: str
    city: str
    state: str
    zip: str
    phone: str

    @property
    def born(self):
        return datetime.date.fromisoformat(self.birth_date)


def _birth(rng):
    start = datetime.date(1916, 1, 1).toordinal()
    # adults and the old fill charts; a flat draw to 2018 with the young thinned out
    day = datetime.date.fromordinal(start + int(rng.betavariate(1.6, 1.9) * 37200))
    return day.isoformat()


def invent(rng, mrn):
    sex = rng.choice("FM")
    city, state, zip3 = rng.choice(CITIES)
    first = rng.choice(GIVEN_F if sex == "F" else GIVEN_M)
    middle = rng.choice(["", "", rng.choice("ABCDEFGHJKLMNPRSTW"), rng.choice(GIVEN_F if sex == "F" else GIVEN_M)])
    # the front of the list is common; squaring makes common names common
    last = SURNAMES[int(rng.random() ** 1.6 * len(SURNAMES))]
    address = f"{rng.randint(1, 9899)} {rng.choice(STREETS)} {rng.choice(STREET_KINDS)}"
    if rng.random() < 0.15:
        address += f" Apt {rng.randint(1, 40)}{rng.choice(['', 'A', 'B', 'C'])}"
    phone = f"{rng.randint(201, 989)}-555-{rng.randint(0, 9999):04d}"
    return Person(mrn, last, first, middle, "", _birth(rng), sex, address, city, state,
                  f"{zip3}{rng.randint(0, 99):02d}", phone)


def _mrn(rng, number):
    """Hospitals number their charts in different ways; the seven digits keep every form distinct."""
    return rng.choices([f"{number}", f"0{number}", f"{number}{number % 10}", f"M{number}"], [84, 6, 6, 4])[0]


def make_index(rng, size):
    """A patient index of `size` people: about 2 % twins, 2 % name twins, 2 % Jr/Sr pairs, the rest unrelated."""
    mrns = [_mrn(rng, n) for n in rng.sample(range(1_000_000, 9_900_000), size)]
    people, i = [], 0
    while i < size:
        person = invent(rng, mrns[i])
        people.append(person)
        i += 1
        draw = rng.random()
        if draw > 0.03 or i == size:
            continue
        other = dataclasses.replace(person, mrn=mrns[i])
        i += 1
        if draw < 0.01:  # twins: same family, address and birth date
            other.first_name = rng.choice(GIVEN_F if rng.random() < 0.5 else GIVEN_M)
            other.sex = "F" if other.first_name in GIVEN_F else "M"
            other.middle_name = rng.choice("ABCDEFGHJKLM")
        elif draw < 0.02:  # name twins: the same name, nothing else
            stranger = invent(rng, other.mrn)
            stranger.first_name, stranger.last_name, stranger.sex = person.first_name, person.last_name, person.sex
            stranger.middle_name = rng.choice(["", person.middle_name])
            other = stranger
        else:  # father and son, one name, one roof
            person.sex = other.sex = "M"
            person.first_name = other.first_name = rng.choice(GIVEN_M)
            person.middle_name = other.middle_name = rng.choice(["", person.middle_name])
            person.suffix, other.suffix = "Sr", "Jr"
            born = person.born
            year = min(born.year, 1985)
            person.birth_date = born.replace(year=year, day=min(born.day, 28)).isoformat()
            other.birth_date = datetime.date(year + rng.randint(20, 33), rng.randint(1, 12), rng.randint(1, 28)).isoformat()
        people.append(other)
    return people


def write_index(path, people):
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(FIELDS)
        for p in people:
            writer.writerow([getattr(p, f) for f in FIELDS])


def print_name(rng, person, style=None, first=None):
    """The name as a form prints it. Styles: comma, COMMA, plain, PLAIN."""
    style = style or rng.choice(["comma", "COMMA", "plain", "PLAIN", "comma", "plain"])
    first = first or person.first_name
    middle = person.middle_name[:1] if rng.random() < 0.8 else person.middle_name
    if rng.random() < 0.15:
        middle = ""
    if "omma" in style or "OMMA" in style:
        name = f"{person.last_name}, {first}"
        if middle:
            name += f" {middle}" + ("." if rng.random() < 0.2 and len(middle) == 1 else "")
    else:
        name = first
        if middle:
            name += f" {middle}" + ("." if rng.random() < 0.6 and len(middle) == 1 else "")
        name += f" {person.last_name}"
    if person.suffix:
        name += f" {person.suffix}"
    return name.upper() if style.isupper() else name


DATE_STYLES = ["us4", "us4", "us4", "us4_plain", "us2", "dash4", "month", "month_short", "iso", "day_month"]


def print_date(date, style):
    if isinstance(date, str):
        date = datetime.date.fromisoformat(date)
    return {
        "us4": f"{date:%m/%d/%Y}",
        "us4_plain": f"{date.month}/{date.day}/{date.year}",
        "us2": f"{date:%m/%d/%y}",
        "dash4": f"{date:%m-%d-%Y}",
        "month": f"{date:%B} {date.day}, {date.year}",
        "month_short": f"{date:%b} {date.day}, {date.year}",
        "iso": f"{date:%Y-%m-%d}",
        "day_month": f"{date:%d-%b-%Y}",
    }[style]


def date_style(rng):
    return rng.choice(DATE_STYLES)


def is_exact(style):
    """Whether the printed form holds the whole date (a two-digit year does not)."""
    return style != "us2"
