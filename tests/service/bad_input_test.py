#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Malformed files of every kind through a live service: it does not fall over, its memory stays bounded, and every file
is accounted for: recorded, a duplicate, or in quarantine with the reason.

usage: bad_input_test.py CHARTLIFT SOURCE_DIR [FOLDER]    FOLDER: a collection of bad files, in place of our own
"""
import collections, os, pathlib, random, shutil, struct, sys, time, zlib

from live_service import Site, blank_png, files_below, png_chunk, process_numbers, sha256

MOST_MB = 1500  # resident memory of the service itself; workers have their own limit
SEED = 5


def tiff(entries, more=b""):
    """A little-endian TIFF of one directory, which may be told anything."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + body + struct.pack("<I", 0) + more


def our_own(source):
    dice = random.Random(SEED)
    scans = sorted(p for p in (source / "testdata/scans").rglob("*") if p.suffix in (".tif", ".pdf", ".png", ".jpg"))
    for path in scans[::3]:  # a third of them
        content = path.read_bytes()
        for cut in range(0, len(content), max(1, len(content) // 6)):
            yield f"cut {cut} {path.name}", content[:cut]
        for flips in (1, 30):
            broken = bytearray(content)
            for _ in range(flips):
                broken[dice.randrange(min(len(broken), 4000))] ^= 1 << dice.randrange(8)
            yield f"flip {flips} {path.name}", bytes(broken)
        yield f"other head {path.name}", b"%PDF-1.7\n" + content[9:2000]
    rows = zlib.compress(bytes(1 << 24), 9)
    for side in (60_000, 0x7FFFFFFF):
        yield f"bomb {side}.png", (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
                                   + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b""))
    stream = zlib.compress(zlib.compress(bytes(1 << 26), 9), 9)
    yield "bomb.pdf", (b"%%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
                       b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100000 100000]/Contents 4 0 R>>endobj 4 0 obj<</Length %d"
                       b"/Filter[/FlateDecode/FlateDecode]>>stream\n" % len(stream) + stream + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF")
    yield "endless pages.pdf", (b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[2 0 R]/Count 9>>endobj\n"
                                b"trailer<</Root 1 0 R>>\n%%EOF")
    wide = [(256, 4, 1, 0xFFFFFFF0), (257, 4, 1, 0xFFFFFFF0), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 200),
            (278, 4, 1, 0xFFFFFFF0), (279, 4, 1, 100)]
    yield "huge.tif", tiff(wide, bytes(200))
    loop = tiff([(256, 3, 1, 8), (257, 3, 1, 8)])
    yield "directory loop.tif", loop[:-4] + struct.pack("<I", 8)
    yield "many tags.tif", b"II*\0" + struct.pack("<IH", 8, 65535) + bytes(100)
    for head in (b"", b"\0", b"II*\0", b"MM\0*", b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\0\0\0\x0cjP  "):
        yield f"head {head.hex()}.tif", head
        yield f"head and noise {head.hex()}.tif", head + dice.randbytes(3000)
    yield "good.png", blank_png("good")


def main():
    chartlift, source = sys.argv[1], pathlib.Path(sys.argv[2])
    site = Site(chartlift, source, [{"name": "in", "settle_s": 0.2, "incomplete_s": 0.5, "rescan_s": 1}],
                more="[limits]\nmax_pixels = 100000000\npage_timeout_s = 20\n[worker]\nmemory_mb = 1024")
    try:
        inbox = site.inbox("in")
        contents = collections.Counter()
        if len(sys.argv) > 3:
            for number, path in enumerate(sorted(files_below(sys.argv[3]))):
                # Names that mean something to the inbox would make markers of files.
                shutil.copyfile(path, inbox / f"{number:05} {path.name.replace('.', '_')}{path.suffix}.bad")
                contents[sha256(path.read_bytes())] += 1
        else:
            for number, (name, content) in enumerate(our_own(source)):
                (inbox / f"{number:05} {name}").write_bytes(content)
                contents[sha256(content)] += 1
        began, most_kb = time.monotonic(), 0
        files = sum(contents.values())
        site.start().wait_ready()
        while site.files_in_inboxes() or site.states()["taken"]:
            assert site.alive(), f"the service fell over:\n{site.log_end()}"
            assert time.monotonic() - began < 300 + 20 * files, f"hangs: {site.files_in_inboxes()[:5]} {site.states()}"
            most_kb = max(most_kb, process_numbers(site.process.pid)["rss_kb"])
            time.sleep(0.5)
        site.drain()
        states = site.states()
        assert sum(states.values()) == files, (states, files)
        arrived = collections.Counter(dict(site.query("SELECT sha256, count(*) FROM arrival_file GROUP BY sha256")))
        assert arrived == contents, "not every file arrived as often as it was dropped"
        for (arrival,) in site.query("SELECT id FROM arrival WHERE state = 'quarantined'"):
            assert (site.out / f"quarantine/{arrival}.why.json").is_file(), f"nobody says why {arrival} is in quarantine"
        assert most_kb < MOST_MB * 1024, f"{most_kb // 1024} MB of memory"
        assert not site.leftovers(), site.leftovers()[:5]
        site.verify_audit()
        print(f"{files} files in {time.monotonic() - began:.0f} s: {dict(states)}; at most {most_kb // 1024} MB of memory")
    finally:
        site.remove()


main()
