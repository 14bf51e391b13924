#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills the live service with SIGKILL at random moments while files are dropped; at the end every file was taken once
and filed once, as by a service nobody disturbed.

usage: kill_test.py CHARTLIFT SOURCE_DIR [KILLS [SEED]]
"""
import collections, io, os, random, re, subprocess, sys, time

from PIL import Image, ImageDraw

from live_service import Site, blank_png, files_below, sha256

WORDS = "DISCHARGE SUMMARY OPERATIVE REPORT PATIENT ADMITTED WITH CHEST PAIN AND RELEASED HOME".split()


def scan(dice, number):
    """A small page of a few words."""
    page = Image.new("L", (420, 260), 255)
    draw = ImageDraw.Draw(page)
    for line in range(3):
        draw.text((20, 20 + 40 * line), " ".join(dice.sample(WORDS, 3)) + f" {number}")
    out = io.BytesIO()
    page.convert("1").save(out, "TIFF", compression="group4", dpi=(100, 100))
    return out.getvalue()


def make_files(dice, count):
    """What is dropped: names below the inbox, as bytes, and content. Some are the same, some broken."""
    files, contents = [], []
    for number in range(count):
        kind = dice.choice(["scan", "blank", "blank", "again", "broken"])
        if kind == "again" and contents:
            content = dice.choice(contents)
        elif kind == "scan":
            content = scan(dice, number)
        elif kind == "broken":
            content = scan(dice, number)[:dice.randrange(8, 150)]
        else:
            content = blank_png(f"kill {number}")
        contents.append(content)
        name = dice.choice([b"scan %d.tif", b"-n %d.png", b"\xff\xfe odd %d.tif", b"ward 3/deep/%d.tif", b"new\nline%d.tif"]) % number
        files.append((name, content))
    return files


def drop(inbox, name, content):
    """Written elsewhere and renamed in, so that it is whole at once."""
    target = os.fsencode(inbox) + b"/" + name
    os.makedirs(os.path.dirname(target), exist_ok=True)
    aside = os.fsencode(inbox.parent.parent) + b"/aside"
    with open(aside, "wb") as file:
        file.write(content)
    os.rename(aside, target)


def site(chartlift, source):
    return Site(chartlift, source, [{"name": "in", "settle_s": 0.2, "incomplete_s": 1, "rescan_s": 1}])


def documents(out):
    """By the content's id and the page, without the name: of files that are the same, either may have come first."""
    made = {}
    for folder in ("documents", "text", "archive"):
        for path in files_below(out / folder):
            name = re.sub(r"^.*-(?=[0-9a-f]{8}[-/])", "", str(path.relative_to(out / folder)))
            assert (folder, name) not in made, f"two of {folder}/{name}"
            made[folder, name] = sha256(path.read_bytes())
    return made


def check(killed, calm, files):
    contents = collections.Counter(sha256(content) for _, content in files)
    names = collections.Counter(name for name, _ in files)
    done = collections.Counter(sha256(p.read_bytes()) for p in files_below(killed.out / "done"))
    assert done == contents, f"in done/, but not dropped, or the other way: {(done - contents) + (contents - done)}"
    arrived = collections.Counter(bytes(name) for (name,) in killed.query("SELECT name FROM arrival"))
    assert arrived == names, f"arrivals that were no files, or the other way: {(arrived - names) + (names - arrived)}"
    assert killed.query("SELECT count(*) FROM arrival_file WHERE moved = 0") == [(0,)]
    states = killed.states()
    assert states["duplicate"] == len(files) - len(contents), states
    assert states["taken"] == states["discarded"] == 0, states
    assert states == calm.states(), (states, calm.states())
    batches = [batch for (batch,) in killed.query("SELECT id FROM batch")]
    assert len(batches) == states["recorded"] + states["quarantined"], (len(batches), states)
    assert not killed.leftovers(), killed.leftovers()
    for one in (killed, calm):
        one.verify_audit()
    expected, got = documents(calm.out), documents(killed.out)
    different = [k for k in sorted(expected.keys() | got.keys()) if expected.get(k) != got.get(k)]
    assert not different, f"these differ from the undisturbed service's: {different[:10]}"
    pdfs = sorted((killed.out / "documents").glob("*.pdf"))
    assert pdfs, "no document was made: the test tests nothing"
    for pdf in random.sample(pdfs, min(10, len(pdfs))):
        subprocess.run(["qpdf", "--check", str(pdf)], check=True, stdout=subprocess.DEVNULL)
    for (arrival,) in killed.query("SELECT id FROM arrival WHERE state = 'quarantined'"):
        assert (killed.out / f"quarantine/{arrival}.why.json").is_file(), arrival
    return states, len(pdfs)


def main():
    chartlift, source = sys.argv[1], sys.argv[2]
    kills = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(10**6)
    print(f"seed {seed}", flush=True)
    dice = random.Random(seed)
    # Names that a later file has again would be two files of one name; here each has its own number.
    files = make_files(dice, max(60, kills))
    killed, calm = site(chartlift, source), site(chartlift, source)
    try:
        began = time.monotonic()
        todo = list(files)
        working = 0
        for kill in range(kills):
            killed.start()
            lives_s = dice.uniform(0.05, 1.1)
            ends = time.monotonic() + lives_s
            for _ in range(-(-len(todo) // (kills - kill))):
                drop(killed.inbox("in"), *todo.pop(0))
                time.sleep(lives_s / 4)
            time.sleep(max(0, ends - time.monotonic()))
            assert killed.alive(), f"the service ended by itself:\n{killed.log_end()}"
            working += killed.get("/healthz")[0] == 200
            killed.kill()
        assert working >= kills // 3, f"only {working} of {kills} kills hit a service that was up: the test tests nothing"
        for one in (killed, calm):
            if one is calm:
                for name, content in files:
                    drop(calm.inbox("in"), name, content)
            one.start()
            one.wait_ready()
            one.wait_taken()
            one.drain()
        states, pdfs = check(killed, calm, files)
        print(f"{kills} kills, {working} of a service that answered, in {time.monotonic() - began:.0f} s; {len(files)} files: "
              f"{dict(states)}, {pdfs} documents, all as undisturbed")
    finally:
        killed.remove()
        calm.remove()


main()
