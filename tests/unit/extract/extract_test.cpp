// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/extract/extract.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stages/adapters/doctype_toml.h"
#include "tests/unit/extract/typed_page.h"

namespace chartlift {
namespace {

using test::typed_page;

const Extract& stage()
{
    static const Extract kStage = [] {
        auto types = adapters::load_doctypes(std::string(CHARTLIFT_SOURCE_DIR) + "/models/doctypes");
        EXPECT_TRUE(types) << types.error().message();
        ExtractSettings settings;
        settings.latest = *make_date(2024, 6, 30);
        return Extract(std::make_shared<const DocTypes>(std::move(*types)), settings);
    }();
    return kStage;
}

PageFields fields_of(std::string_view text)
{
    auto fields = stage().run(typed_page(text), {});
    EXPECT_TRUE(fields);
    return fields ? std::move(*fields) : PageFields{};
}

/// "mrn=123456; last=Smith": every field of who and when that is not named must be absent.
struct Header {
    const char* what;
    const char* page;
    const char* expected;
};

void PrintTo(const Header& header, std::ostream* out)
{
    *out << header.what;
}

std::map<std::string, std::string> wanted(std::string_view text)
{
    std::map<std::string, std::string> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(';'), text.size());
        const std::string_view entry = text.substr(0, end);
        const std::size_t equals = entry.find('=');
        std::string key(entry.substr(entry.find_first_not_of(' '), equals - entry.find_first_not_of(' ')));
        out[key] = entry.substr(equals + 1);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

class Headers : public testing::TestWithParam<Header> {};

TEST_P(Headers, AreRead)
{
    const PageFields fields = fields_of(GetParam().page);
    const auto want = wanted(GetParam().expected);
    const std::map<std::string, FieldKind> kinds{{"mrn", FieldKind::mrn},          {"last", FieldKind::last_name},
                                                 {"first", FieldKind::first_name}, {"middle", FieldKind::middle_name},
                                                 {"suffix", FieldKind::suffix},    {"dob", FieldKind::birth_date},
                                                 {"sex", FieldKind::sex},          {"dos", FieldKind::service_date},
                                                 {"enc", FieldKind::encounter},    {"author", FieldKind::author},
                                                 {"facility", FieldKind::facility}};
    for (const auto& [key, kind] : kinds) {
        const FieldValue* got = fields.best(kind);
        const auto entry = want.find(key);
        if (entry != want.end()) {
            EXPECT_TRUE(got) << key << " is missing; wanted " << entry->second;
            if (got) { EXPECT_EQ(got->value.reveal(), entry->second) << key; }
        } else if (key != "author" && key != "facility" && key != "middle") {
            EXPECT_FALSE(got) << key << " says " << got->value.reveal() << " at " << got->probability.value;
        }
    }
}

const Header kHeaders[] = {
    // ---- labels with a colon ----
    {"colon labels",
     "Patient Name: Graham, Herman W\nMedical Record No.: 5131990\nDate of Birth: 08-25-1979\nDate: "
     "02-16-2012\nPhysician: Dr. J. Whitfield",
     "last=Graham;first=Herman;middle=W;mrn=5131990;dob=1979-08-25;dos=2012-02-16;author=J Whitfield"},
    {"short colon labels", "Pt. Name: KEENE, EUNICE N\nMR#: 4830055\nD.O.B.: 12/9/85\nDOS: 5/21/96",
     "last=KEENE;first=EUNICE;middle=N;mrn=4830055;dob=1985-12-09;dos=1996-05-21"},
    {"two to a row",
     "Name: Smith, John A          MRN: 00123456\nDOB: 01/02/1950          Sex: M\nDate of Service: 03/04/2005     "
     "Attending: Kim, Sarah MD",
     "last=Smith;first=John;middle=A;mrn=00123456;dob=1950-01-02;sex=M;dos=2005-03-04;author=Sarah Kim"},
    {"run together in one line", "Patient: Smith, John A DOB: 01/02/1950 MRN: 123456 Sex: F",
     "last=Smith;first=John;middle=A;mrn=123456;dob=1950-01-02;sex=F"},
    {"without blanks", "MRN:0568706 DOB:07/22/1977\nPatient:LEWIS,BARBARA J",
     "last=LEWIS;first=BARBARA;middle=J;mrn=0568706;dob=1977-07-22"},
    {"label stuck to its number", "Lewis, Barbara J\nMRN0568706\nDOB07/22/1977",
     "last=Lewis;first=Barbara;middle=J;mrn=0568706;dob=1977-07-22"},
    {"colon set apart", "Patient Name : Smith , John\nChart # : 44871\nBirthdate : 4/5/1961",
     "last=Smith;first=John;mrn=44871;dob=1961-04-05"},
    {"name of patient",
     "Name of Patient: Benito P. Fedele\nHosp. No.: 1010072\nBorn: June 11, 1959\nAdm. Date: 10/17/1998",
     "last=Fedele;first=Benito;middle=P;mrn=1010072;dob=1959-06-11;dos=1998-10-17"},
    {"patient no", "Patient No. 3115589   Patient: Elrod, Shirley\nBirth Date: 21 Feb 1946",
     "last=Elrod;first=Shirley;mrn=3115589;dob=1946-02-21"},
    {"med rec number sign", "PATIENT NAME: DOE, JANE Q.\nMED REC #: 77-41-20\nDATE OF BIRTH: 11-30-1948",
     "last=DOE;first=JANE;middle=Q;mrn=77-41-20;dob=1948-11-30"},
    {"alphanumeric number", "Patient: Doe, Jane\nMRN: M-123456", "last=Doe;first=Jane;mrn=M-123456"},
    {"prefix without hyphen", "Patient: Doe, Jane\nMRN: MR204518", "last=Doe;first=Jane;mrn=MR204518"},
    {"hint after the label", "Name (Last, First, MI): Ortiz, Ana M\nDate of Birth (mm/dd/yyyy): 03/09/1971",
     "last=Ortiz;first=Ana;middle=M;dob=1971-03-09"},
    {"last name first by label", "Patient Name (Last, First): ORTIZ ANA\nMRN: 551234",
     "last=ORTIZ;first=ANA;mrn=551234"},
    {"separate name parts", "Last Name: Van Dyke     First Name: Helen     MI: R\nDOB: 1944-07-30",
     "last=Van Dyke;first=Helen;middle=R;dob=1944-07-30"},
    {"surname and given name", "Surname: O'Brien\nGiven Name: Patrick\nMRN: 880011",
     "last=O'Brien;first=Patrick;mrn=880011"},
    {"underscores as lines", "Name:____Smith,_John____   DOB:__01/02/1950__\nMRN: ____123456____",
     "last=Smith;first=John;dob=1950-01-02;mrn=123456"},
    {"dotted leaders",
     "Patient Name.......... Smith, John\nChart Number.......... 204518\nDate of Birth......... "
     "01/02/1950\nSex................... Male",
     "last=Smith;first=John;mrn=204518;dob=1950-01-02;sex=M"},
    {"encounter numbers", "Patient: Smith, John    MRN: 204518\nEncounter #: 99120034\nDOB: 01/02/1950",
     "last=Smith;first=John;mrn=204518;enc=99120034;dob=1950-01-02"},
    {"visit id", "Patient: Smith, John    MRN: 204518\nVisit ID: V0099812",
     "last=Smith;first=John;mrn=204518;enc=V0099812"},
    {"CSN", "SMITH, JOHN   MRN: 204518   CSN: 1002003004", "last=SMITH;first=JOHN;mrn=204518;enc=1002003004"},
    {"FIN", "Patient: Smith, John\nMRN: 204518    FIN: 77120045", "last=Smith;first=John;mrn=204518;enc=77120045"},
    {"HAR and account", "Patient: Smith, John\nHAR: 60012345    MRN: 204518",
     "last=Smith;first=John;mrn=204518;enc=60012345"},
    {"age and sex", "Patient: Smith, John    Age/Sex: 47/M\nDOB: 01/02/1950",
     "last=Smith;first=John;sex=M;dob=1950-01-02"},
    {"sex and age", "Patient: Doe, Jane    Sex/Age: F/47y", "last=Doe;first=Jane;sex=F"},
    {"sex in words", "PATIENT: DOE, JANE\nGENDER: Female", "last=DOE;first=JANE;sex=F"},
    {"sex behind the birth date", "Patient: Doe, Jane\nDOB: 01/02/1950 (47 yrs) F",
     "last=Doe;first=Jane;dob=1950-01-02;sex=F"},
    {"sex ticked", "Patient: Doe, Jane\nSex: [ ] M [X] F", "last=Doe;first=Jane;sex=F"},
    {"sex not ticked says nothing", "Patient: Doe, Jane\nSex: M F", "last=Doe;first=Jane"},
    {"joined labels", "Patient: Doe, Jane\nDOB/Age/Sex: 01/02/1950 47 F", "last=Doe;first=Jane;dob=1950-01-02;sex=F"},
    // ---- values in a column of their own, under and over labels ----
    {"values in a column",
     "Patient Name          Smith, John A\nMedical Record No.     5131990\nDate of Birth          08/25/1979\nDate of "
     "Service        02/16/2012",
     "last=Smith;first=John;middle=A;mrn=5131990;dob=1979-08-25;dos=2012-02-16"},
    {"cells, small labels",
     "~Patient Name                         Medical Record No.\nKeene, Nicie N                        4830055\n~Date "
     "of Birth                        Date\n12-09-1985                            05-21-1996\n~Physician\nDr. P. Desai",
     "last=Keene;first=Nicie;middle=N;mrn=4830055;dob=1985-12-09;dos=1996-05-21;author=P Desai"},
    {"three cells a row",
     "~Patient              MRN            DOB\nDoe, Jane Q          204518         01/02/1950\n~Sex                  "
     "Visit Date     Provider\nF                    03/04/2005     R. Alvarez, MD",
     "last=Doe;first=Jane;middle=Q;mrn=204518;dob=1950-01-02;sex=F;dos=2005-03-04;author=R Alvarez"},
    {"four cells with others between",
     "~PATIENT NAME         ROOM       HOSP. NO.      ADM. DATE\nWHITE, ALBERT T       412-B      339812         "
     "11/03/1987",
     "last=WHITE;first=ALBERT;middle=T;mrn=339812;dos=1987-11-03"},
    {"long value runs towards the next column", "~Patient         MRN\nMontgomery, Al   5572476",
     "last=Montgomery;first=Al;mrn=5572476"},
    {"cells, first name first",
     "~Patient Name                MRN\nStephan A. Carter           3286907\n~DOB                         Date of "
     "Service\n01-25-1991                  12-30-1995",
     "last=Carter;first=Stephan;middle=A;mrn=3286907;dob=1991-01-25;dos=1995-12-30"},
    {"labels under the lines",
     "Smith, John A              204518             01/02/1950\n~Patient Name               MRN                Date of "
     "Birth",
     "last=Smith;first=John;middle=A;mrn=204518;dob=1950-01-02"},
    {"empty cell says nothing",
     "~Patient Name                Medical Record No.\nSmith, John\n~Date of Birth               Date\n                "
     "            05/21/1996",
     "last=Smith;first=John;dos=1996-05-21"},
    // ---- stickers ----
    {"terse sticker",
     "                                        Barbara J. Lewis\n                                        MRN 0568706\n  "
     "                                      DOB 07/22/1977\n                                        Date of Service "
     "03-13-1995\n                                        Attending Dr. S. Kim",
     "last=Lewis;first=Barbara;middle=J;mrn=0568706;dob=1977-07-22;dos=1995-03-13;author=S Kim"},
    {"sticker in capitals", "FELL, THEODORE\nMedical Record No. 9048967\nDate 07/08/2004",
     "last=FELL;first=THEODORE;mrn=9048967;dos=2004-07-08"},
    {"sticker with an address", "SMITH, JOHN A\n12 MAIN ST\nMR# 204518   DOB 01/02/1950 M",
     "last=SMITH;first=JOHN;middle=A;mrn=204518;dob=1950-01-02;sex=M"},
    {"sticker without labels", "SMITH, JOHN A\n0204518\n01/02/1950  M",
     "last=SMITH;first=JOHN;middle=A;mrn=0204518;dob=1950-01-02;sex=M"},
    {"sticker, number first", "MRN 0204518\nSMITH, JOHN A\nDOB 01/02/1950",
     "last=SMITH;first=JOHN;middle=A;mrn=0204518;dob=1950-01-02"},
    {"a letterhead's town is nobody",
     "Main Street Surgical Group\nOak Harbor, WI\n\nMRN: 5556468\nPatient Name: Lee King\nDOB: 07/16/1957",
     "mrn=5556468; last=King; first=Lee; dob=1957-07-16"},
    {"a town and no patient's name", "Oak Harbor, WI\nMRN: 5556468   DOB: 07/16/1957", "mrn=5556468; dob=1957-07-16"},
    {"hint of an order, but no comma", "Name (Last, First, MI): Andrew Harrington\nM.R. No.: 3706400",
     "mrn=3706400; last=Harrington; first=Andrew"},
    {"letters between full stops read as digits", "Name: SMITH, JOHN\nM.R. No.: 22413988\n0.0.8.: 2/23/1922",
     "mrn=22413988; last=SMITH; first=JOHN; dob=1922-02-23"},
    {"sticker in one line", "SMITH, JOHN A 0204518 01/02/1950 M",
     "last=SMITH;first=JOHN;middle=A;mrn=0204518;dob=1950-01-02;sex=M"},
    // ---- running headers ----
    {"running header", "Lewis, Barbara J     MRN: 0568706     Page 2 of 3\n\ncontinued on therapy and was seen again",
     "last=Lewis;first=Barbara;middle=J;mrn=0568706"},
    {"running header with rules", "LEWIS, BARBARA J | MRN 0568706 | DOB 07/22/1977 | Page 2 of 3",
     "last=LEWIS;first=BARBARA;middle=J;mrn=0568706;dob=1977-07-22"},
    {"running header in brackets", "Lewis, Barbara J (MRN 0568706)", "last=Lewis;first=Barbara;middle=J;mrn=0568706"},
    {"running header, natural order", "Barbara J. Lewis\nMedical Record No. 0568706",
     "last=Lewis;first=Barbara;middle=J;mrn=0568706"},
    // ---- letters ----
    {"letter",
     "October 04, 1998\n\nRE: YOUNG, MELANIE G\nDOB: 01/02/1941\nMRN: 6408240\n\nDear Dr. Miller:\n\nI had the "
     "pleasure of seeing your patient",
     "last=YOUNG;first=MELANIE;middle=G;dob=1941-01-02;mrn=6408240;dos=1998-10-04"},
    {"letter with a title",
     "15 March 1994\n\nRe: Mr. Milan E. Soukup\n\nDear Dr. Y:\n\nThe patient was seen on 03/11/1994.",
     "last=Soukup;first=Milan;middle=E;dos=1994-03-15"},
    {"letter with a placeholder", "RE: XXXX\n\nDear Doctor:\n\nThank you for this referral.", ""},
    {"letter subject in one line",
     "RE: Jane Doe, DOB 01/02/1950\n\nDear Dr. Miller:", "last=Doe;first=Jane;dob=1950-01-02"},
    {"letter about a sample", "RE: Mrs. Sample Patient\n\nDear Sample Doctor:", ""},
    // ---- name forms ----
    {"suffix behind", "Patient: Valdez, Brandi Jr\nMRN: 3286224", "last=Valdez;first=Brandi;suffix=Jr;mrn=3286224"},
    {"suffix before the comma", "Patient: Valdez Jr., Luis M\nMRN: 3286224",
     "last=Valdez;first=Luis;middle=M;suffix=Jr;mrn=3286224"},
    {"suffix after a comma", "Patient: Luis M. Valdez, III\nMRN: 3286224",
     "last=Valdez;first=Luis;middle=M;suffix=III;mrn=3286224"},
    {"two-word last name", "Patient: Garcia Lopez, Maria\nMRN: 3286224", "last=Garcia Lopez;first=Maria;mrn=3286224"},
    {"particles in natural order", "Patient: Ana de la Cruz\nMRN: 3286224", "last=de la Cruz;first=Ana;mrn=3286224"},
    {"hyphen", "Patient: SMITH-JONES, MARY ANN\nMRN: 3286224", "last=SMITH-JONES;first=MARY;middle=ANN;mrn=3286224"},
    {"last initial tells the order", "Patient: SMITH JOHN A\nMRN: 3286224",
     "last=SMITH;first=JOHN;middle=A;mrn=3286224"},
    {"a surname that is also a label", "Patient: Page, Robert\nMRN: 3286224", "last=Page;first=Robert;mrn=3286224"},
    {"title before", "Patient: Mrs. Jane Q. Doe\nMRN: 3286224", "last=Doe;first=Jane;middle=Q;mrn=3286224"},
    // ---- dates ----
    {"dots", "Patient: Doe, Jane\nDOB: 01.02.1950\nDate of Service: 3.4.05",
     "last=Doe;first=Jane;dob=1950-01-02;dos=2005-03-04"},
    {"day, month name, short year", "Patient: Doe, Jane\nDOB: 4-Oct-48\nVisit Date: 04OCT1998",
     "last=Doe;first=Jane;dob=1948-10-04;dos=1998-10-04"},
    {"ISO", "Patient: Doe, Jane\nDOB: 1950-01-02\nDate: 2005-03-04",
     "last=Doe;first=Jane;dob=1950-01-02;dos=2005-03-04"},
    {"births are not in the future", "Patient: Doe, Jane\nDOB: 01/02/31", "last=Doe;first=Jane;dob=1931-01-02"},
    {"weekday before", "Patient: Doe, Jane\nDate: Monday, March 14, 1994", "last=Doe;first=Jane;dos=1994-03-14"},
    {"admission before discharge", "Patient: Doe, Jane\nDate of Admission: 03/01/2005\nDate of Discharge: 03/09/2005",
     "last=Doe;first=Jane;dos=2005-03-01"},
    {"an impossible date says nothing", "Patient: Doe, Jane\nDOB: 92-21-1946", "last=Doe;first=Jane"},
    // ---- OCR noise ----
    {"one letter wrong in a label", "Patient Nane: Doe, Jane\nMedical Recard No.: 204518\nDate of Blrth: 01/02/1950",
     "last=Doe;first=Jane;mrn=204518;dob=1950-01-02"},
    {"letters for digits in a number", "Patient: Lewis, Barbara\nMRN: O5687O6", "last=Lewis;first=Barbara;mrn=0568706"},
    {"letters for digits in a date", "Patient: Lewis, Barbara\nDOB: O7/22/l977",
     "last=Lewis;first=Barbara;dob=1977-07-22"},
    {"comma read for a full stop", "Patient: Roberto F, Daniels\nDOB: 03/27/1934",
     "last=Daniels;first=Roberto;middle=F;dob=1934-03-27"},
    {"full stop read for a comma", "Patient: Lewis. Barby J\nDOB: 03/27/1934",
     "last=Lewis;first=Barby;middle=J;dob=1934-03-27"},
    {"digit in a name", "Patient: J0hnson, Mary\nMRN: 204518", "last=Johnson;first=Mary;mrn=204518"},
    {"stray marks", "~Patient Name           Medical Record No.\nRogers}, Emily J       4044803 |",
     "last=Rogers;first=Emily;middle=J;mrn=4044803"},
    {"label words run together", "PatientName: Doe, Jane\nDateof Birth: 01/02/1950",
     "last=Doe;first=Jane;dob=1950-01-02"},
    // ---- what is not the patient's ----
    {"next of kin",
     "Patient: Butler, Doug D\nMRN: 1433886\nNext of Kin: Patrica Butler\nPhone: 781-555-4512\nPolicy No: 164097392",
     "last=Butler;first=Doug;middle=D;mrn=1433886"},
    {"referring physician", "Patient: Doe, Jane\nReferring Physician: Miller, Robert\nPCP: Adams, Ruth",
     "last=Doe;first=Jane"},
    {"mother's", "Mother's Name: Doe, Mary\nMother's DOB: 01/02/1950\nMother's MRN: 555111", ""},
    {"guarantor", "Patient Name: Doe, Jane\nGuarantor Name: Doe, Mark\nGuarantor DOB: 01/02/1950",
     "last=Doe;first=Jane"},
    {"section of another person",
     "Patient Name: Doe, Jane\nDOB: 01/02/1980\n\n\n\n\nEMERGENCY CONTACT\nName: Smith, Robert\nDOB: 05/06/1950",
     "last=Doe;first=Jane;dob=1980-01-02"},
    {"account, phone, social security", "Patient: Doe, Jane\nSSN: 123-45-6789\nPhone: (555) 123-4567\nZip: 91224",
     "last=Doe;first=Jane"},
    {"a phone under a number's label", "Patient: Doe, Jane\nMRN: 555-123-4567", "last=Doe;first=Jane"},
    {"a date printed is no visit", "Patient: Doe, Jane\nDate Printed: 05/06/2010\nPrinted: 05/06/2010",
     "last=Doe;first=Jane"},
    {"dates in prose",
     "HISTORY OF PRESENT ILLNESS:\nThe patient was admitted on 02/23/2007 from an outside hospital and\nhad a scan "
     "dated 03/01/2007 which was normal. Mr. Smith, John his brother was present.",
     ""},
    {"titles are no names", "Mercy General Hospital\nPATIENT DEMOGRAPHICS\nPATIENT EDUCATION RECORD",
     "facility=Mercy General Hospital"},
    {"unknown label with a known word",
     "Ship Date: 05/06/2010\nFile Name: Annual Report\nPatient Contact Person: Adams, Ruth", ""},
    {"signature date at the foot", "Patient: Doe, Jane\n@2900\nPhysician Signature: ____   Date: 05/06/2010",
     "last=Doe;first=Jane"},
    // ---- blocks ----
    {"a dash for the colon", "PATIENT - Kelly, Theodore D     MRN - 9715672\nBirthdate - 1977-11-28\nDOS - 2008-12-01",
     "last=Kelly;first=Theodore;middle=D;mrn=9715672;dob=1977-11-28;dos=2008-12-01"},
    {"a bare date beside a labelled birth date is the visit's",
     "Walter Cain\nFebruary 5, 2007\nDATE OF BIRTH July 19, 1938\nRecord # 3999387",
     "last=Cain;first=Walter;dob=1938-07-19;dos=2007-02-05;mrn=3999387"},
    {"a bare date beside a labelled visit is the birth",
     "FREDERICK P. SULLIVAN\nM.R. No. 6371265\n6/3/1938\nDate October 13, 1997",
     "last=SULLIVAN;first=FREDERICK;middle=P;mrn=6371265;dob=1938-06-03;dos=1997-10-13"},
    {"a bare number under a labelled name", "Resident Name: Enrique R. Holmes\n7045746\nD.O.B.: 1938-12-07",
     "last=Holmes;first=Enrique;middle=R;mrn=7045746;dob=1938-12-07"},
    {"the header's date before the text's",
     "Patient: Garner, Todd\nUnit No.: 2471098\nDischarge Date: 2011-08-14\n\n\n\nADMITTED: 2011-08-04\nDISCHARGE "
     "DATE: 2011-08-14",
     "last=Garner;first=Todd;mrn=2471098;dos=2011-08-14"},
    {"a month is no part of a label", "TURNER, VANESSA\nMRN 8525381\nDOB Sep 9, 1951",
     "last=TURNER;first=VANESSA;mrn=8525381;dob=1951-09-09"},
    {"names one letter from a label", "Patient: Ward, Dawn\nMRN: 5279873", "last=Ward;first=Dawn;mrn=5279873"},
    {"a short year before the visit", "Patient: Stevens, Madison\nBirth Date: 05/19/22\nDate of Service: 05/25/1995",
     "last=Stevens;first=Madison;dob=1922-05-19;dos=1995-05-25"},
    {"a total is no patient", "TOTAL CHARGES\n2571367", ""},
    {"a date under an unknown cell's label", "~Appointment            Priority\n09-Aug-1997            STAT", ""},
    // ---- authors and letterheads ----
    {"letterhead", "St. Luke Regional Medical Center\nOPERATIVE REPORT\n\nPatient: Doe, Jane",
     "last=Doe;first=Jane;facility=St. Luke Regional Medical Center"},
    {"dictated by", "Patient: Doe, Jane\n@2800\nDictated by: Harold Lindqvist, M.D.",
     "last=Doe;first=Jane;author=Harold Lindqvist"},
    {"signature line", "Patient: Doe, Jane\n@2800\nL. Brandt, M.D.", "last=Doe;first=Jane;author=L Brandt"},
};

INSTANTIATE_TEST_SUITE_P(Layouts, Headers, testing::ValuesIn(kHeaders));

TEST(Extract, SaysWhereAValueStands)
{
    const ExtractInput input = typed_page("Patient Name: Graham, Herman W\nMRN: 5131990");
    const auto fields = stage().run(input, {});
    ASSERT_TRUE(fields);
    const FieldValue* mrn = fields->best(FieldKind::mrn);
    ASSERT_TRUE(mrn);
    ASSERT_EQ(mrn->words.size(), 1U);
    EXPECT_EQ(input.text.words.at(mrn->words[0]).text, "5131990");
    EXPECT_EQ(mrn->box, input.text.words.at(mrn->words[0]).box);
    EXPECT_EQ(mrn->raw.reveal(), "5131990");
    EXPECT_GT(mrn->probability.value, 0.9F);
}

TEST(Extract, ARepairOrDoubtfulReadingIsLessProbable)
{
    const auto clean = fields_of("MRN: 0568706");
    const auto repaired = fields_of("MRN: O5687O6");
    auto doubtful = stage().run(typed_page("MRN: 0568706", 0.4F), {});
    ASSERT_TRUE(clean.best(FieldKind::mrn) && repaired.best(FieldKind::mrn) && doubtful &&
                doubtful->best(FieldKind::mrn));
    EXPECT_LT(repaired.best(FieldKind::mrn)->probability, clean.best(FieldKind::mrn)->probability);
    EXPECT_LT(doubtful->best(FieldKind::mrn)->probability, clean.best(FieldKind::mrn)->probability);
}

TEST(Extract, TwoReadingsThatAgreeAreSurerThanOne)
{
    ExtractInput input = typed_page("Patient: Doe, Jane\nMRN: O204518");
    const auto alone = stage().run(input, {});
    input.visible_text = typed_page("Patient: Doe, Jane\nMRN: 0204518").text.words;
    const auto both = stage().run(input, {});
    ASSERT_TRUE(alone && both && alone->best(FieldKind::mrn) && both->best(FieldKind::mrn));
    EXPECT_GT(both->best(FieldKind::mrn)->probability, alone->best(FieldKind::mrn)->probability);
}

TEST(Extract, VisibleTextFillsWhatOcrMissedAndPointsAtItsWords)
{
    ExtractInput input = typed_page("Patient: Doe, Jane\nXXX: O2O45I8");
    input.visible_text = typed_page("Patient: Doe, Jane\nMRN: 0204518").text.words;
    const auto fields = stage().run(input, {});
    ASSERT_TRUE(fields && fields->best(FieldKind::mrn));
    EXPECT_EQ(fields->best(FieldKind::mrn)->value.reveal(), "0204518");
    for (const std::uint32_t word : fields->best(FieldKind::mrn)->words) EXPECT_LT(word, input.text.words.size());
}

TEST(Extract, ALineCutInTwoByTheEngineIsOneAgain)
{
    ExtractInput input = typed_page("Lakeside Community Clinic\n\nPatient: Doe, Jane");
    for (std::size_t i = 1; i < input.text.words.size(); ++i) {
        ++input.text.words[i].line;
        ++input.text.words[i].block;
    }
    const auto fields = stage().run(input, {});
    ASSERT_TRUE(fields && fields->best(FieldKind::facility));
    EXPECT_EQ(fields->best(FieldKind::facility)->value.reveal(), "Lakeside Community Clinic");
}

TEST(Extract, AnEmptyPageSaysNothing)
{
    const auto fields = stage().run(ExtractInput{}, {});
    ASSERT_TRUE(fields);
    EXPECT_TRUE(fields->values.empty());
}

TEST(Extract, WithoutLabelsOnlyShapesAreLeft)
{
    const Extract bare(std::make_shared<const DocTypes>());
    const auto fields = bare.run(typed_page("MRN: 204518"), {});
    ASSERT_TRUE(fields);
    EXPECT_FALSE(fields->best(FieldKind::mrn));
}

TEST(Extract, ASiteAddsItsOwnWordings)
{
    auto types = std::make_shared<DocTypes>();
    types->labels.push_back({FieldKind::mrn, {"Kartei-Nr"}, {"Labor"}});
    const Extract own(types);
    const auto fields = own.run(typed_page("Kartei-Nr: 204518\nLabor Kartei-Nr: 777777"), {});
    ASSERT_TRUE(fields && fields->best(FieldKind::mrn));
    EXPECT_EQ(fields->best(FieldKind::mrn)->value.reveal(), "204518");
}

TEST(Extract, StopsWhenToldTo)
{
    StageContext context;
    context.deadline = StageContext::Clock::now() - std::chrono::seconds(1);
    const auto fields = stage().run(typed_page("MRN: 204518"), context);
    ASSERT_FALSE(fields);
    EXPECT_EQ(fields.error().kind, FaultKind::timeout);
}

}  // namespace
}  // namespace chartlift
