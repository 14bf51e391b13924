#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills a run with SIGKILL at random moments, again and again, until it is done, and compares OUT with that of a run
nobody disturbed: the same listings, documents, text and catalog.

usage: resume_test.py CHARTLIFT SOURCE_DIR [SEED]
"""
import hashlib, pathlib, random, shutil, signal, sqlite3, subprocess, sys, tempfile, time

KILLS = 30
TABLES = {  # what the catalog says, without the moment it was said
    "batch": "id, name", "source": "*", "duplicate": "*", "document": "*", "field": "*", "candidate": "*",
    "route_reason": "*", "page": "*", "page_text": "*", "pmi_patient": "*",
}


def command(chartlift, source, out, scans):
    return [chartlift, "run", "--progress", "none", "--models", str(source / "models"),
            "--pmi", str(source / "testdata/scans/pmi.csv"), "--out", str(out), str(scans)]


def content(out):
    """Everything a run leaves for people and scripts, in one comparable value."""
    said = {}
    for name in ("pages.jsonl", "manifest.jsonl"):
        said[name] = (out / name).read_text(encoding="utf-8")
    for folder in ("documents", "text", "hocr", "archive"):
        for path in sorted((out / folder).rglob("*")):
            if path.is_file():
                said[str(path.relative_to(out))] = hashlib.sha256(path.read_bytes()).hexdigest()
    with sqlite3.connect(out / "catalog.sqlite") as catalog:
        for table, columns in TABLES.items():
            said[table] = sorted(map(repr, catalog.execute(f"SELECT {columns} FROM {table}")))
    left = [p for p in (out / "spool").rglob("*") if p.is_file()] if (out / "spool").exists() else []
    said["left in spool/"] = [str(p) for p in left]
    return said


def main():
    chartlift, source = sys.argv[1], pathlib.Path(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(10**6)
    print(f"seed {seed}", flush=True)
    dice = random.Random(seed)
    work = pathlib.Path(tempfile.mkdtemp(prefix="chartlift-resume-"))
    try:
        scans = work / "scans"
        shutil.copytree(source / "testdata/scans", scans)
        began = time.monotonic()
        whole = subprocess.run(command(chartlift, source, work / "whole", scans), stdout=subprocess.DEVNULL)
        assert whole.returncode in (0, 3), f"the undisturbed run ended with {whole.returncode}"
        took = time.monotonic() - began
        killed = 0
        for _ in range(KILLS):
            run = subprocess.Popen(command(chartlift, source, work / "killed", scans), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
            try:
                # Moments spread over start, work and end; the mean leaves several kills for every part of the run.
                run.wait(timeout=dice.uniform(0.0, 2 * took / KILLS + 0.6))
            except subprocess.TimeoutExpired:
                run.send_signal(signal.SIGKILL)
                run.wait()
                killed += 1
        last = subprocess.run(command(chartlift, source, work / "killed", scans), stdout=subprocess.DEVNULL)
        assert last.returncode == whole.returncode, f"the resumed run ended with {last.returncode}"
        assert killed >= KILLS // 3, f"only {killed} runs were killed before their end: the test tests nothing"
        expected, got = content(work / "whole"), content(work / "killed")
        different = [k for k in sorted(expected.keys() | got.keys()) if expected.get(k) != got.get(k)]
        assert not different, f"these differ from the undisturbed run: {different[:20]}"
        print(f"killed {killed} times; {len(expected)} things the same as in the undisturbed run")
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
