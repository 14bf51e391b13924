#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole program over testdata/scans, scored against its truth with the budgets of budget.json.

usage: run_test.py CHARTLIFT SOURCE_DIR
"""
import pathlib, subprocess, sys, tempfile

chartlift, source = sys.argv[1], pathlib.Path(sys.argv[2])
scans = source / "testdata/scans"
with tempfile.TemporaryDirectory(prefix="chartlift-golden-") as out:
    run = subprocess.run([chartlift, "run", "--progress", "none", "--models", source / "models", "--pmi", scans / "pmi.csv",
                          "--out", out, scans])
    assert run.returncode == 0, f"the run ended with {run.returncode}"
    score = subprocess.run([sys.executable, source / "scripts/score_scans", scans / "truth.json", out, "--budget",
                            source / "tests/golden/budget.json", "--errors"])
sys.exit(score.returncode)
