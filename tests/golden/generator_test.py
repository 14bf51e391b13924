#!/usr/bin/env -S /usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chart generator is deterministic, its truth is consistent, and the scorer sees what is wrong.

usage: generator_test.py [unittest options]; needs Pillow, NumPy and the fonts of scripts/packages-scans.txt
"""
import collections
import csv
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import types
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS, SCANS = ROOT / "scripts", ROOT / "testdata" / "scans"
sys.path.insert(0, str(SCRIPTS))

from PIL import Image

from chartgen import barcode, catalog, defects, noise, people

MAX_SKEW_DEGREES = 3.0
PAGE_KEYS = {"type", "document", "first", "skew_ccw", "rotated_cw", "blank", "text"}
DOCUMENT_KEYS = {"type", "loinc", "patient_mrn", "slip", "printed", "titled", "pages"}
PRINTED_KEYS = {"name", "mrn", "dob", "dos", "provider", "facility"}


def run(script, *arguments):
    return subprocess.run([sys.executable, str(SCRIPTS / script), *map(str, arguments)], capture_output=True, text=True)


def make(*arguments):
    done = run("make_scans", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def page_count(path):
    if path.is_dir():
        return len(list(path.iterdir()))
    if path.suffix == ".pdf":
        return path.read_bytes().count(b"/Type /Page /Parent")
    with Image.open(path) as image:
        return image.n_frames


class Truth(unittest.TestCase):
    """What any folder of generated scans must hold."""

    def check(self, folder):
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        with open(folder / truth["pmi"], newline="", encoding="utf-8") as table:
            index = {row["mrn"]: row for row in csv.DictReader(table)}
        self.assertEqual({f["file"].rstrip("/") for f in truth["files"]}, {p.name for p in folder.glob("batch*")})
        for batch in truth["files"]:
            with self.subTest(batch=batch["file"]):
                self.assertEqual(page_count(folder / batch["file"].rstrip("/")), len(batch["pages"]))
                self.check_batch(batch, index)
        return truth, index

    def check_batch(self, batch, index):
        owners = collections.Counter(page for d in batch["documents"] for page in d["pages"])
        for number, page in enumerate(batch["pages"]):
            self.assertEqual(set(page), PAGE_KEYS)
            content = not page["blank"] and page["type"] != "separator"
            self.assertEqual(owners[number], 1 if content else 0, f"page {number} must be in {'one' if content else 'no'} document")
            self.assertEqual(page["blank"], page["type"] == "blank")
            self.assertIn(page["rotated_cw"], (0, 90, 180, 270))
            self.assertLessEqual(abs(page["skew_ccw"]), MAX_SKEW_DEGREES)
            if content:
                document = batch["documents"][page["document"]]
                self.assertIn(number, document["pages"])
                self.assertEqual(page["type"], document["type"])
                self.assertEqual(page["first"], number == document["pages"][0])
            else:
                self.assertIsNone(page["document"])
                self.assertEqual(page["text"], "")
        for document in batch["documents"]:
            self.assertEqual(set(document), DOCUMENT_KEYS)
            self.assertEqual(set(document["printed"]), PRINTED_KEYS)
            self.assertEqual(document["pages"], sorted(document["pages"]))
            self.assertEqual(document["loinc"], catalog.LOINC[document["type"]])
            self.check_patient(document, index)

    def check_patient(self, document, index):
        printed, mrn = document["printed"], document["patient_mrn"]
        if document["slip"] == "not_in_pmi":
            self.assertIsNone(mrn)
            self.assertNotIn(printed["mrn"], index)
            return
        row = index[mrn]
        self.assertIn(row["last_name"].upper(), printed["name"].upper())
        self.assertEqual(printed["mrn"], "" if document["slip"] == "mrn_missing" else mrn)
        if document["slip"] not in ("dob_missing", "dob_swapped"):
            self.assertEqual(printed["dob"], row["birth_date"])

    def test_committed_scans_agree_with_their_truth(self):
        truth, index = self.check(SCANS)
        self.assertEqual(len(index), 2000)
        pages = [p for f in truth["files"] for p in f["pages"]]
        self.assertGreaterEqual(len(pages), 45)
        self.assertTrue({0, 90, 180, 270} & {p["rotated_cw"] for p in pages} - {0}, "some page must be turned")
        self.assertTrue(any(p["blank"] for p in pages))
        self.assertTrue(any(p["type"] == "separator" for p in pages))
        self.assertLess(sum(p.stat().st_size for p in SCANS.rglob("*") if p.is_file()), 12_000_000)

    def test_same_seed_same_bytes_and_true(self):
        with tempfile.TemporaryDirectory() as scratch:
            first, second, other = (pathlib.Path(scratch) / name for name in ("first", "second", "other"))
            for folder, seed in ((first, 5), (second, 5), (other, 6)):
                make("scans", "--seed", seed, "--batches", 1, "--pmi-size", 40, "--out", folder)
            self.assertEqual(contents(first), contents(second))
            self.assertNotEqual(contents(first)["batch000.tif"], contents(other)["batch000.tif"])
            self.check(first)


class Corpus(unittest.TestCase):
    def test_same_seed_same_text_of_every_type(self):
        with tempfile.TemporaryDirectory() as scratch:
            first, second = pathlib.Path(scratch) / "1.jsonl", pathlib.Path(scratch) / "2.jsonl"
            for path in (first, second):
                make("corpus", "--seed", 3, "--documents", 100, "--balanced", "--noise", 0.02, "--out", path)
            self.assertEqual(first.read_bytes(), second.read_bytes())
            rows = [json.loads(line) for line in first.read_text(encoding="utf-8").splitlines()]
        self.assertEqual({row["type"] for row in rows}, set(catalog.LOINC))
        for row in rows:
            self.assertEqual(set(row), {"text", "type", "page", "pages", "document", "titled"})
            self.assertGreater(len(row["text"].split()), 2)
            self.assertNotRegex(row["text"], r"[{}]", "a symbol was left unexpanded")
        for number in range(100):
            pages = [row["page"] for row in rows if row["document"] == number]
            self.assertEqual(pages, list(range(1, len(pages) + 1)))

    def test_noise_is_off_at_zero_and_changes_words_otherwise(self):
        text = "The patient was seen and examined in the clinic today.\n" * 40
        self.assertEqual(noise.add_noise(text, random.Random(1), 0.0), text)
        changed = noise.add_noise(text, random.Random(1), 0.3)
        wrong = len(text.split()) - sum((collections.Counter(text.split()) & collections.Counter(changed.split())).values())
        self.assertTrue(40 < wrong < 200, wrong)


class People(unittest.TestCase):
    def test_index_holds_twins_name_twins_and_generations(self):
        index = people.make_index(random.Random(1), 2000)
        self.assertEqual(len({p.mrn for p in index}), 2000)
        pairs = list(zip(index, index[1:]))
        self.assertTrue(any(a.last_name == b.last_name and a.birth_date == b.birth_date and a.first_name != b.first_name for a, b in pairs))
        self.assertTrue(any(a.suffix == "Sr" and b.suffix == "Jr" and a.first_name == b.first_name for a, b in pairs))
        self.assertTrue(any(a.last_name == b.last_name and a.first_name == b.first_name and a.birth_date != b.birth_date and not a.suffix for a, b in pairs))


class Geometry(unittest.TestCase):
    """skew_ccw and rotated_cw mean what the truth says they mean."""

    def page_with_a_rule(self):
        image = Image.new("L", (600, 800), 255)
        image.paste(0, (100, 398, 500, 402))
        return image

    def rule_height(self, image, x):
        column = [image.getpixel((x, y)) for y in range(image.height)]
        dark = [y for y, v in enumerate(column) if v < 128]
        return sum(dark) / len(dark)

    def test_a_positive_skew_lifts_the_right_end(self):
        leaned = defects.lean(self.page_with_a_rule(), 2.0)
        self.assertGreater(self.rule_height(leaned, 130), self.rule_height(leaned, 470) + 8)

    def test_a_quarter_turn_runs_clockwise(self):
        image = Image.new("L", (60, 80), 255)
        image.paste(0, (0, 0, 20, 10))  # top left
        turned = defects.turn(image, 90)
        self.assertEqual(turned.size, (80, 60))
        self.assertEqual(turned.getpixel((75, 5)), 0, "the top left corner goes to the top right")


class Code128(unittest.TestCase):
    def test_table_is_sound(self):
        self.assertEqual(len(barcode.PATTERNS), 107)
        self.assertEqual(len(set(barcode.PATTERNS)), 107)
        for value, pattern in enumerate(barcode.PATTERNS):
            widths = [int(c) for c in pattern]
            self.assertEqual(sum(widths), 13 if value == barcode.STOP else 11)
            if value != barcode.STOP:
                self.assertEqual(sum(widths[::2]) % 2, 0, f"value {value}: the bars must add up to an even number")

    def test_check_digit(self):
        # PATCHT: 104 + 1*48 + 2*33 + 3*52 + 4*35 + 5*40 + 6*52 = 1026; 1026 mod 103 = 99
        widths = "".join(map(str, barcode.widths("PATCHT")))
        self.assertEqual(widths[6 * 7 : 6 * 8], barcode.PATTERNS[99])


class Scorer(unittest.TestCase):
    def perfect_run(self, truth, folder, spoil=lambda page, document: None):
        (folder / "text").mkdir()
        scorer = types.ModuleType("score_scans")
        exec((SCRIPTS / "score_scans").read_text(encoding="utf-8"), scorer.__dict__)  # it has no .py in its name
        pages, documents = [], []
        for batch in truth["files"]:
            for number, page in enumerate(batch["pages"]):
                file = f"text/{batch['file'].rstrip('/')}.{number}.txt"
                (folder / file).write_text(page["text"], encoding="utf-8")
                row = {"source": "in/" + batch["file"].rstrip("/"), "page": number, "text_file": file}
                row.update({k: page[k] for k in ("rotated_cw", "skew_ccw", "blank", "type")})
                pages.append(row)
            for true in batch["documents"]:
                fields = {k: v or None for k, v in scorer.printed_fields(true["printed"]).items()}
                documents.append({"source": "in/" + batch["file"].rstrip("/"), "pages": true["pages"], "type": true["type"], "mrn": true["patient_mrn"],
                                  "route": "auto" if true["patient_mrn"] else "review", "fields": fields})
        spoil(pages, documents)
        for name, rows in (("pages.jsonl", pages), ("manifest.jsonl", documents)):
            (folder / name).write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")

    def figures(self, spoil, budget=None):
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            truth = json.loads((SCANS / "truth.json").read_text(encoding="utf-8"))
            self.perfect_run(truth, folder, spoil)
            (folder / "budget.json").write_text(json.dumps(budget or {}), encoding="utf-8")
            done = run("score_scans", SCANS / "truth.json", folder, "--budget", folder / "budget.json")
        return dict(line.split(" ", 1) for line in done.stdout.splitlines()), done

    def test_a_perfect_run_is_perfect(self):
        figures, done = self.figures(lambda pages, documents: None, {"page_type": {"min": 1}, "misfiled": {"max": 0}, "mrn_right": {"min": 1}})
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("orientation", "skew_within_0.1", "blank_precision", "blank_recall", "word_recall", "page_type", "split_start_f1", "document_f1",
                     "doc_type", "mrn_right", "last_name_right", "first_name_right", "birth_date_right", "service_date_right", "patient_top1"):
            self.assertEqual(float(figures[name]), 1.0, name)
        for name in ("pages_missing", "misfiled", "mrn_wrong", "last_name_wrong", "separator_kept"):
            self.assertEqual(int(figures[name]), 0, name)

    def test_errors_are_counted_and_break_the_budget(self):
        def spoil(pages, documents):
            pages.pop()
            pages[0]["type"] = "nonsense"
            document = next(d for d in documents if d["route"] == "auto")
            document["mrn"] = "1"
            document["fields"]["last_name"] = "NOBODY"
        figures, done = self.figures(spoil, {"misfiled": {"max": 0}, "page_type": {"min": 1}, "no_such": {"min": 0}})
        self.assertEqual(done.returncode, 1)
        self.assertEqual(figures["pages_missing"], "1")
        self.assertEqual(figures["misfiled"], "1")
        self.assertEqual(figures["last_name_wrong"], "1")
        for name in ("misfiled", "page_type", "no_such"):
            self.assertIn(f"over budget: {name}", done.stderr)

    def test_the_committed_budget_names_real_figures(self):
        budget = json.loads((ROOT / "tests" / "golden" / "budget.json").read_text(encoding="utf-8"))
        figures, done = self.figures(lambda pages, documents: None, budget)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(budget["misfiled"], {"max": 0})


if __name__ == "__main__":
    unittest.main()
