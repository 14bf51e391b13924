# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole document: a patient, its chrome (letterhead, title, header block, footers) and its body; and its plain text."""
import dataclasses
import datetime
import textwrap

from . import catalog, notes, people

G = notes.G
HEADER_STYLES = ["lines", "lines", "table", "table", "sticker", "sticker", "inline", "columns", "bare"]
FORM_TYPES = {"face_sheet", "medication_administration_record", "claim_form", "referral", "vital_signs_flow_sheet", "immunization_record"}


@dataclasses.dataclass
class Chrome:
    """How the parts around the body look; shared by text and image."""
    letterhead: list  # lines, the first is the facility
    title: str  # "" where the document bears none
    header_style: str
    header: list  # [(label, value)]; the label may be ""
    footer: str  # a format with {k} and {n}, or ""
    foot_note: str
    continuation: str  # "none", "line", "header", "name"
    label_sep: str  # ":" or ""


@dataclasses.dataclass
class Document:
    kind: str
    person: people.Person
    in_index: bool
    slip: str
    date: datetime.date
    date_format: str
    provider: str
    facility: str
    printed: dict
    chrome: Chrome
    blocks: list


def facility_name(rng):
    return G.pick("facility", rng, {})


def doctor_name(rng):
    first = rng.choice(people.GIVEN_M + people.GIVEN_F)
    return f"{rng.choice([first, first[0] + '.', first + ' ' + rng.choice('ABDEHJLMRST') + '.'])} {G.pick('surname', rng, {})}"


def make_person_slip(rng, person, slip):
    """What stands on the page where the slip changes it: (first name, mrn, dob)."""
    first, mrn, dob = person.first_name, person.mrn, person.birth_date
    if slip == "nickname":
        first = people.NICKNAMES.get(first, first)
    elif slip == "mrn_missing":
        mrn = ""
    elif slip == "dob_missing":
        dob = ""
    elif slip == "dob_swapped":
        born = person.born
        if born.day <= 12:
            dob = born.replace(month=born.day, day=born.month).isoformat()
    return first, mrn, dob


def make_document(rng, kind, person, in_index=True, slip="none", facility=None, provider=None, date=None, letterhead_style=None):
    date = date or datetime.date(1994, 1, 1) + datetime.timedelta(days=rng.randint(0, 365 * 20))
    youngest_days = 365 * 16 if kind == "psychiatric_psychological_evaluation" else 40
    date = max(date, person.born + datetime.timedelta(days=youngest_days))
    date_format = people.date_style(rng)
    born_format = date_format if rng.random() < 0.8 else people.date_style(rng)
    facility = facility or facility_name(rng)
    provider = provider or doctor_name(rng)
    first, mrn, dob = make_person_slip(rng, person, slip)
    if slip == "nickname" and first == person.first_name or slip == "dob_swapped" and dob == person.birth_date:
        slip = "none"
    name = people.print_name(rng, person, None, first)
    chrome = make_chrome(rng, kind, facility, provider, name, mrn, people.print_date(dob, born_format) if dob else "",
                         people.print_date(date, date_format), person, letterhead_style)
    writer = notes.Writer(rng, kind, person, date, provider, facility, people.print_date(date, date_format), date_format)
    blocks = writer.write()
    printed = {"name": name, "mrn": mrn, "dob": dob, "dos": date.isoformat(), "provider": provider, "facility": facility}
    return Document(kind, person, in_index, slip, date, date_format, provider, facility, printed, chrome, blocks)


def make_chrome(rng, kind, facility, provider, name, mrn, dob, dos, person, letterhead_style=None):
    letterhead = [facility]
    if rng.random() < 0.45:
        city, state, z = rng.choice(people.CITIES)
        street = f"{rng.randint(1, 9999)} {rng.choice(people.STREETS)} {rng.choice(people.STREET_KINDS)}"
        if rng.random() < 0.5:
            letterhead.append(f"{street}, {city}, {state} {z}{rng.randint(0, 99):02d}")
        else:
            letterhead += [street, f"{city}, {state} {z}{rng.randint(0, 99):02d}"]
        if rng.random() < 0.6:
            letterhead.append(f"{rng.choice(['Phone', 'Tel', 'Telephone', 'PH'])}{rng.choice([': ', ' ', '. '])}({rng.randint(201, 989)}) 555-{rng.randint(0, 9999):04d}" +
                              (f"  {rng.choice(['Fax', 'FAX'])}{rng.choice([': ', ' '])}({rng.randint(201, 989)}) 555-{rng.randint(0, 9999):04d}" if rng.random() < 0.6 else ""))
    elif rng.random() < 0.35:
        letterhead.append(rng.choice(catalog.SPECIALTIES))
    if letterhead_style == "none" or kind == "insurance_card" or rng.random() < 0.06:
        letterhead = []
    title = "" if rng.random() < catalog.UNTITLED.get(kind, catalog.UNTITLED_ELSE) else rng.choice(catalog.TITLES[kind])
    style = rng.choice(HEADER_STYLES)
    sep = rng.choice([":", ":", ":", "", " -"]) if style not in ("table", "sticker") else rng.choice([":", ""])
    dos_labels = catalog.DOS_LABELS.get(kind, []) or catalog.DOS_LABELS[""]
    rows = [(rng.choice(catalog.NAME_LABELS), name)]
    if mrn:
        rows.append((rng.choice(catalog.MRN_LABELS), mrn))
    if dob:
        rows.append((rng.choice(catalog.DOB_LABELS), dob))
    rows.append((rng.choice(dos_labels), dos))
    if rng.random() < 0.75:
        label = rng.choice(catalog.PROVIDER_LABELS)
        rows.append((label, rng.choice([provider, f"Dr. {provider}", f"{provider}, M.D."]) if label != "Dr" else provider))
    if rng.random() < 0.35:
        rows.append((rng.choice(catalog.ACCOUNT_LABELS), str(rng.randint(10**7, 10**9 - 1))))
    if rng.random() < 0.3:
        rows.append((rng.choice(catalog.SEX_LABELS), person.sex))
    if rng.random() < 0.15:
        rows.append((rng.choice(["Room", "Location", "Nursing Unit", "Bed"]), f"{rng.choice(['', '3W-', 'ICU-', 'MS '])}{rng.randint(101, 560)}"))
    if style == "sticker":  # stickers often carry no label before the name
        rows = [("" if (i == 0 and rng.random() < 0.8) or rng.random() < 0.12 else label, value) for i, (label, value) in enumerate(rows)]
    elif style == "bare":
        rows = [("" if i == 0 else label, value) for i, (label, value) in enumerate(rows)]
    if rng.random() < 0.35:
        head, tail = rows[0], rows[1:]
        rng.shuffle(tail)
        rows = [head] + tail
    footer = rng.choice(catalog.FOOTERS)
    note = rng.choice(catalog.FOOT_NOTES).replace("{dos}", dos).replace("{code}", str(rng.randint(100, 9999))).replace("{d}", str(rng.randint(1, 9)))
    return Chrome(letterhead, title, style, rows, footer, note, rng.choice(["none", "line", "header", "header", "name", "line"]), sep)


def continuation_lines(doc, k, rng):
    """The lines at the top of page k > 1."""
    c = doc.chrome
    if c.continuation == "none":
        return []
    name, mrn = doc.printed["name"], doc.printed["mrn"]
    if c.continuation == "name":
        return [name + (f"   {mrn}" if mrn else ""), f"Page {k}"]
    if c.continuation == "line":
        bits = [name] + ([f"{next((l for l, v in c.header if v == mrn and l), 'MRN')} {mrn}"] if mrn else [])
        bits.append(people.print_date(doc.date, doc.date_format))
        return ["   ".join(bits)] + ([f"{c.title} ({'continued' if len(c.title) % 2 else 'cont.'})"] if c.title else [])
    return c.letterhead[:1] + ([c.title + " (continued)"] if c.title else []) + [f"{label}{c.label_sep} {value}".strip() for label, value in c.header[:3]]


def header_lines(doc, rng):
    c = doc.chrome
    pairs = [f"{label}{c.label_sep} {value}".strip() if label else value for label, value in c.header]
    if c.header_style in ("lines", "sticker", "bare"):
        return pairs
    if c.header_style == "inline":
        return textwrap.wrap("   ".join(pairs), 96, break_long_words=False) if pairs else []
    if c.header_style == "columns":
        return ["     ".join(pairs[i : i + 2]) for i in range(0, len(pairs), 2)]
    out = []  # a ruled table reads either "label value label value" or all labels, then all values
    for i in range(0, len(c.header), 2):
        row = c.header[i : i + 2]
        if rng.random() < 0.5:
            out.append(" ".join(label for label, _ in row))
            out.append(" ".join(value for _, value in row))
        else:
            out.append("  ".join(f"{label} {value}" for label, value in row))
    return out


def body_lines(blocks, width):
    """The body as lines of text about `width` characters wide."""
    out = []
    for block in blocks:
        kind = block[0]
        if kind == "head" or kind == "line":
            out.append(block[1])
        elif kind == "para":
            out += textwrap.wrap(block[1], width, break_long_words=False)
        elif kind == "inline":
            out += textwrap.wrap(f"{block[1]}  {block[2]}", width, break_long_words=False)
        elif kind == "list":
            for i, item in enumerate(block[1], 1):
                out += textwrap.wrap(f"{i}.  {item}" if block[2] else item, width, subsequent_indent="   " if block[2] else "", break_long_words=False)
        elif kind == "table":
            for row in [block[1]] + block[2]:
                line = "  ".join(c for c in row if c and not c.startswith(notes.HAND))
                out += textwrap.wrap(line, width + 20, break_long_words=False)
        elif kind == "form":
            pairs = [f"{label}: {value}".strip() for label, value in block[1]]
            out += [("  ".join(pairs[i : i + 2])) for i in range(0, len(pairs), 2)] if width % 2 else pairs
        elif kind == "sign":
            if block[1]:
                out.append(block[1])
        elif kind == "ecg":
            out += ["I  aVR  V1  V4", "II  aVL  V2  V5", "III  aVF  V3  V6"]
        elif kind == "card":
            out += block[1]
    return [line for line in out if line.strip()]


def text_pages(doc, rng):
    """The document as OCR would give it: a list of page texts."""
    width = rng.choice([68, 74, 80, 86, 92, 100, 110])
    height = rng.choice([30, 36, 42, 48, 54, 60])
    first = list(doc.chrome.letterhead) + ([doc.chrome.title] if doc.chrome.title else [])
    header = header_lines(doc, rng)
    order = rng.random()
    if order < 0.2:
        first = header + first
    else:
        first = first + header
    body = body_lines(doc.blocks, width)
    pages, k = [], 1
    while body or k == 1:
        top = first if k == 1 else continuation_lines(doc, k, rng)
        room = max(12, height - len(top))
        if len(body) - room in range(1, 4):
            room += 3
        pages.append(top + body[:room])
        body, k = body[room:], k + 1
    n = len(pages)
    for k, page in enumerate(pages, 1):
        if doc.chrome.footer and (n > 1 or rng.random() < 0.6):
            page.append(doc.chrome.footer.format(k=k, n=n))
        if doc.chrome.foot_note:
            page.append(doc.chrome.foot_note)
    return ["\n".join(page) for page in pages]
