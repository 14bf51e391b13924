#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds patients of a patient index in logs, metrics, status: every last and first name of at least 4 letters as a whole
word, whatever its case and accents, every record number and every birth date in the usual forms. Percent-encoded and
JSON-escaped text is looked through too.

usage: phi_grep.py [--allow WORD]... PMI.csv FILE...    prints what it finds, exits 1 if anything
       phi_grep.py --test                               tests itself

--allow names a word of the program's own that happens to be somebody's name, such as Page or Blank.
"""
import csv, json, pathlib, re, sys, tempfile, unicodedata, urllib.parse

SHORTEST_NAME = 4    # letters; "Jay" or "Roy" stand inside too much that is no name
SHORTEST_NUMBER = 5  # digits; shorter ones are also counts
WORDS = re.compile(r"[^\W\d_]+")
NUMBERS = re.compile(r"[^\W_]*\d[^\W_]*")
DATES = re.compile(r"(?<!\d)\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?!\d)")


def fold(text):
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


def needles(pmi):
    """What to look for: {folded text: what it is}."""
    found = {}
    with open(pmi, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            for column in ("last_name", "first_name"):
                for word in WORDS.findall(fold(row[column])):
                    if len(word) >= SHORTEST_NAME:
                        found[word] = column
            for number in {row["mrn"].lower(), row["mrn"].lower().lstrip("0")}:
                if len(number) >= SHORTEST_NUMBER:
                    found[number] = "mrn"
            if row["birth_date"]:
                y, m, d = row["birth_date"].split("-")
                short_m, short_d = m.lstrip("0"), d.lstrip("0")
                for form in (f"{y}-{m}-{d}", f"{y}/{m}/{d}", f"{y}.{m}.{d}", y + m + d, m + d + y, d + m + y,
                             *[f"{a}{s}{b}{s}{y}" for s in "/-." for a, b in ((m, d), (d, m), (short_m, short_d), (short_d, short_m))]):
                    found[form] = "birth_date"
    assert found, f"{pmi} holds nobody to look for"
    return found


def readings(line):
    """The line as it stands, and as it reads once percent and JSON escapes are undone."""
    yield line
    if "%" in line:
        yield urllib.parse.unquote(line)
    if "\\u" in line:
        yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda escape: chr(int(escape[1], 16)), line)


def leaks(pmi, files, allowed=()):
    """What stands of `pmi`'s patients in `files`: one line each, "FILE:LINE: COLUMN TEXT"."""
    wanted = needles(pmi)
    for word in allowed:
        wanted.pop(fold(word), None)
    found = []
    for path in files:
        text = pathlib.Path(path).read_bytes().decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            tokens = set()
            for reading in map(fold, readings(line)):
                for pattern in (WORDS, NUMBERS, DATES):
                    tokens.update(pattern.findall(reading))
            found += [f"{path}:{number}: {wanted[token]} {token}" for token in sorted(tokens & wanted.keys())]
    return found


def test():
    with tempfile.TemporaryDirectory(prefix="chartlift-phi-") as folder:
        folder = pathlib.Path(folder)
        pmi = folder / "pmi.csv"
        pmi.write_text("mrn,last_name,first_name,birth_date\n0051654,Müller-Byrd,Jay,1969-06-21\n5450457,O'Connor,Amber,1960-07-31\n",
                       encoding="utf-8")
        log = folder / "log"

        def found(text, **more):
            log.write_text(text, encoding="utf-8")
            return [leak.split(": ", 1)[1] for leak in leaks(pmi, [log], **more)]

        planted = {"opened Byrd_Jay.tif": ["last_name byrd"], "BYRD": ["last_name byrd"], "muller": ["last_name muller"],
                   json.dumps({"x": "Müller"}): ["last_name muller"], "/in/O%27Connor": ["last_name connor"],
                   "dear amber,": ["first_name amber"], "page-0051654.tif": ["mrn 0051654"], "no 51654 here": ["mrn 51654"],
                   "x5450457": [], "5450457": ["mrn 5450457"], "born 6/21/1969": ["birth_date 6/21/1969"],
                   "21.06.1969": ["birth_date 21.06.1969"], "19690621": ["birth_date 19690621"],
                   '{"at":"1969-06-21T07:00:00Z"}': ["birth_date 1969-06-21"]}
        for text, expected in planted.items():
            assert found(text) == expected, (text, found(text))
        for clean in ("", "Jayhawks ate Byrds", "1969-06-22", "545045 54504577", "\udcff".encode("utf-8", "replace").decode(), "jay"):
            assert not found(clean), clean
        assert found("Amber alert", allowed=["Amber"]) == []
        log.write_bytes(b"\xff\xfe Byrd \x00")
        assert leaks(pmi, [log]) == [f"{log}:1: last_name byrd"]
        pmi.write_text("mrn,last_name,first_name,birth_date\n")
        try:
            leaks(pmi, [log])
        except AssertionError:
            return print("phi_grep finds what is planted, and nothing else")
        raise AssertionError("an empty index finds nothing for ever")


def main(arguments):
    if arguments == ["--test"]:
        return test()
    allowed = []
    while len(arguments) > 1 and arguments[0] == "--allow":
        allowed.append(arguments[1])
        del arguments[:2]
    if len(arguments) < 2:
        sys.exit(__doc__)
    found = leaks(arguments[0], arguments[1:], allowed)
    print("\n".join(found) if found else f"no patient of {arguments[0]} in {len(arguments) - 1} files")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
