#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program as scripts and operators meet it: arguments, exit codes, messages, Ctrl-C, search and the patient index.

usage: command_line_test.py CHARTLIFT SOURCE_DIR
"""
import json, os, pathlib, shutil, signal, subprocess, sys, tempfile, time, unittest

CHARTLIFT, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
SCANS = SOURCE / "testdata/scans"


def call(*arguments, **options):
    return subprocess.run([CHARTLIFT, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options)


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="chartlift-cli-"))
        # The smallest batch of the set keeps the test short.
        truth = json.loads((SCANS / "truth.json").read_text())
        smallest = min(truth["files"], key=lambda f: len(f["pages"]))
        cls.truth = smallest
        cls.scan = SCANS / smallest["file"].removeprefix("scans/")
        cls.out = cls.work / "out"
        cls.first = call("run", "--pmi", SCANS / "pmi.csv", "--out", cls.out, "--progress", "plain", cls.scan)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.work, ignore_errors=True)

    def test_run_files_or_holds_every_page(self):
        self.assertEqual(self.first.returncode, 0, self.first.stderr)
        pages = lines(self.out / "pages.jsonl")
        self.assertEqual(len(pages), len(self.truth["pages"]))
        for page in pages:
            self.assertIn(page["state"], ("content", "blank", "separator"))
        for document in lines(self.out / "manifest.jsonl"):
            self.assertTrue((self.out / document["pdf"]).is_file())
        self.assertIn("held for review", self.first.stdout)
        self.assertIn("report.html", self.first.stdout)

    def test_nothing_said_names_a_patient(self):
        said = self.first.stdout + self.first.stderr
        names = {row.split(",")[0] for row in (SCANS / "pmi.csv").read_text().splitlines()[1:]}  # MRNs
        for mrn in names:
            self.assertNotIn(mrn, said)

    def test_out_is_for_its_owner_alone(self):
        for path in self.out.rglob("*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_help_documents_exit_codes(self):
        for arguments in (("--help",), ("run", "--help")):
            said = call(*arguments)
            self.assertEqual(said.returncode, 0)
            for word in ("Exit codes", "130", "resume" if "run" in arguments else "run"):
                self.assertIn(word, said.stdout)

    def test_usage_errors_exit_2(self):
        config = self.work / "site.toml"
        config.write_text("[limits]\nmax_pixel = 3\n")
        for arguments in ((), ("run",), ("run", "--nonsense"), ("run", "--out", self.work / "x", "--config", config, self.scan),
                          ("run", "--out", self.work / "x", "--password-file", self.work / "absent", self.scan)):
            said = call(*arguments)
            self.assertEqual(said.returncode, 2, arguments)
            self.assertTrue(said.stderr)
        self.assertIn("site.toml line 2: limits.max_pixel is not a setting", call(
            "run", "--out", self.work / "x", "--config", config, self.scan).stderr)

    def test_nothing_done_exits_4_and_says_which_path(self):
        said = call("run", "--out", self.work / "none", self.work / "absent.tif")
        self.assertNotEqual(said.returncode, 0)
        self.assertIn("there is no such file: ", said.stderr)
        empty = self.work / "empty"
        empty.mkdir()
        self.assertEqual(call("run", "--out", self.work / "none", empty).returncode, 4)

    def test_some_faulted_exits_3_and_the_rest_is_done(self):
        mixed = self.work / "mixed"
        mixed.mkdir()
        (mixed / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing here")
        scan = mixed / self.scan.name
        shutil.copytree(self.scan, scan) if self.scan.is_dir() else shutil.copy(self.scan, scan)
        out = self.work / "mixed-out"
        said = call("run", "--out", out, mixed)
        self.assertEqual(said.returncode, 3, said.stderr)
        states = [page["state"] for page in lines(out / "pages.jsonl")]
        self.assertEqual(states.count("faulted"), 1)
        self.assertEqual(len(states), len(self.truth["pages"]) + 1)
        fault = next(page["fault"] for page in lines(out / "pages.jsonl") if page["fault"])
        self.assertTrue(fault["what"])

    def test_an_unwritable_out_exits_5(self):
        blocked = self.work / "a-file"
        blocked.write_text("in the way")
        said = call("run", "--out", blocked / "out", self.scan)
        self.assertEqual(said.returncode, 5)
        self.assertIn("a-file", said.stderr)

    def test_ctrl_c_exits_130_and_says_how_to_resume(self):
        out = self.work / "stopped"
        command = [CHARTLIFT, "run", "--out", str(out), "--progress", "plain", str(SCANS)]
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not list((out / "spool").rglob("*.page")) if (out / "spool").exists() else True:
            self.assertIsNone(run.poll(), "the run ended before a page was saved")
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        said, errors = run.communicate(timeout=120)
        self.assertEqual(run.returncode, 130, errors)
        self.assertIn("run the same command again", said)
        self.assertTrue((out / "pages.jsonl").is_file())

    def test_search_finds_words_of_the_documents(self):
        text = next(p for p in sorted((self.out / "text").rglob("*.txt")) if len(p.read_text().split()) > 20)
        word = max((w for w in text.read_text().split() if w.isalpha()), key=len)
        said = call("search", word, "--catalog", self.out / "catalog.sqlite")
        self.assertEqual(said.returncode, 0)
        self.assertIn("page ", said.stdout)
        self.assertEqual(call("search", "AND (", "--catalog", self.out / "catalog.sqlite").returncode, 2)

    def test_patient_index_commands(self):
        catalog = self.work / "pmi.sqlite"
        source = self.work / "patients.csv"
        source.write_text("Med Rec #,Surname,Given Name,DOB\n001,Doe,Jane,3/14/1947\n002,Roe,Richard,1950-02-30\n")
        said = call("pmi", "import", source, "--catalog", catalog)
        self.assertEqual(said.returncode, 3, said.stderr)  # a bad row is reported, not dropped in silence
        self.assertIn("line 3", said.stdout)
        self.assertIn("patients", call("pmi", "stats", "--catalog", catalog).stdout)
        found = call("pmi", "find", "DOE JANE 1947", "--catalog", catalog)
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertIn("1947-03-14", found.stdout)
        self.assertEqual(call("pmi", "find", "NOBODY 1900", "--catalog", catalog).returncode, 4)

    def test_doctor_says_what_is_there(self):
        said = call("doctor", "--out", self.work / "out")
        self.assertIn("ocr", said.stdout)
        self.assertIn("document types", said.stdout)
        broken = self.work / "broken.toml"
        broken.write_text("[ocr]\nlanguages = [\"tlh\"]\n")
        said = call("doctor", "--config", broken)
        self.assertEqual(said.returncode, 4)
        self.assertIn("FAIL", said.stdout)
        self.assertIn("tlh", said.stdout)


if __name__ == "__main__":
    unittest.main(argv=["command_line_test"], verbosity=1)
