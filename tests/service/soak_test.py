#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Four writers drop small files in every awkward way into several inboxes of a live service; each is processed exactly
once, none is lost, none is taken half, and the service neither grows nor tells anybody's name.

usage: soak_test.py CHARTLIFT SOURCE_DIR [--files N] [--seed S]
"""
import argparse, collections, os, pathlib, random, subprocess, sys, threading, time

from live_service import Site, blank_png, files_below, process_numbers, sha256, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import phi_grep

WRITERS = 4
SETTLE_S = 1.0
# A pause shorter than settle_s must keep a file from being taken. A writer that a loaded machine held up for longer may
# see what stood there taken; such a content is then allowed for, and counted.
SURELY_SHORTER = 0.6
PMI = "mrn,last_name,first_name,birth_date\n4830055,Featherstonehaugh,Wilhelmina,1947-03-09\n7712345,Quackenbush,Bartholomew,1961-11-30\n"
NAMES = [b"Featherstonehaugh_Wilhelmina_%d.png", b"scan %d.png", b"-rf %d.png", b"\xff\xfe%d.png", b"two\nlines %d.png",
         "Bartholomew Québec %d.png".encode(), b"'quoted\" $HOME %d.png", b"x" * 230 + b"%d.png", b"a .. %d.png", b"4830055 %d.png"]


class Dropped:
    """What the writers did, for the reckoning at the end. Safe from many threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.final = collections.Counter()      # contents that must arrive, with how many files of each
        self.excused = collections.Counter()    # contents that may have been taken before they were changed
        self.never = set()                      # contents that must not be taken
        self.ways = collections.Counter()

    def add(self, way, content, before=(), paused_s=0.0):
        with self.lock:
            self.ways[way] += 1
            self.final[sha256(content)] += 1
            for other in before:
                if paused_s < SETTLE_S * SURELY_SHORTER:
                    self.never.add(sha256(other))
                else:
                    self.excused[sha256(other)] += 1


class Writer(threading.Thread):
    def __init__(self, number, count, seed, inboxes, aside, dropped):
        super().__init__()
        self.number, self.count, self.dice = number, count, random.Random(seed * 10 + number)
        self.inboxes, self.aside, self.dropped = [os.fsencode(i) for i in inboxes], os.fsencode(aside), dropped
        self.serial = 0
        self.recent = []
        self.failure = None

    def run(self):
        try:
            ways = [self.copy_slowly, self.rename_in, self.append_later, self.truncate, self.replace, self.same_again,
                    self.copy_at_once, self.copy_at_once, self.copy_at_once, self.rename_in, self.with_marker, self.empty,
                    self.bulk]
            while self.serial < self.count:
                self.dice.choice(ways)()
        except Exception as error:  # told by the main thread
            self.failure = error
            raise

    def content(self):
        self.serial += 1
        made = blank_png(f"soak {self.number} {self.serial} {self.dice.random()}")
        self.recent = self.recent[-20:] + [made]
        return made

    def place(self):
        folder = self.dice.choice(self.inboxes)
        if self.dice.random() < 0.2:
            folder += self.dice.choice([b"/sub", b"/sub/deeper still", b"/\xfe odd"])
            os.makedirs(folder, exist_ok=True)
        name = self.dice.choice(NAMES) % (self.number * 1_000_000 + self.serial)
        return folder + b"/" + name[-255:]

    def write(self, path, content, mode="wb"):
        with open(path, mode) as file:
            file.write(content)

    def outside(self, content):
        path = self.aside + b"/%d" % self.number
        self.write(path, content)
        return path

    def copy_at_once(self):
        content = self.content()
        self.write(self.place(), content)
        self.dropped.add("copied at once", content)

    def copy_slowly(self):
        content = self.content()
        with open(self.place(), "wb", buffering=0) as file:
            for at in range(0, len(content), 40):
                file.write(content[at:at + 40])
                time.sleep(self.dice.uniform(0, 0.1))
        self.dropped.add("copied slowly", content)

    def rename_in(self):
        content = self.content()
        os.rename(self.outside(content), self.place())
        self.dropped.add("renamed in", content)

    def append_later(self):
        content = self.content()
        path = self.place()
        cut = self.dice.randrange(1, len(content))
        self.write(path, content[:cut])
        time.sleep(self.dice.uniform(0.05, 0.4) * SETTLE_S)
        self.write(path, content[cut:], "ab")
        # Cut off, it has no end: it is waited for, however long the machine held the writer up.
        self.dropped.add("appended later", content, [content[:cut]])

    def truncate(self):
        before, content = self.content(), self.content()
        path = self.place()
        began = time.monotonic()
        self.write(path, before)
        time.sleep(self.dice.uniform(0.05, 0.4) * SETTLE_S)
        with open(path, "r+b") as file:
            file.truncate(0)
            paused = time.monotonic() - began
            file.write(content)
        self.dropped.add("truncated and rewritten", content, [before], paused)

    def replace(self):
        before, content = self.content(), self.content()
        path = self.place()
        other = self.outside(content)
        began = time.monotonic()
        self.write(path, before)
        time.sleep(self.dice.uniform(0.05, 0.4) * SETTLE_S)
        os.rename(other, path)
        self.dropped.add("replaced by a rename", content, [before], time.monotonic() - began)

    def same_again(self):
        if not self.recent:
            return
        self.serial += 1
        content = self.dice.choice(self.recent)
        with self.dropped.lock:
            if sha256(content) in self.dropped.never or sha256(content) in self.dropped.excused:
                return
        os.rename(self.outside(content), self.place())
        self.dropped.add("same content", content)

    def with_marker(self):
        content = self.content()
        path = self.place()
        if len(os.path.basename(path)) > 240:
            path = os.path.dirname(path) + b"/marked %d.png" % (self.number * 1_000_000 + self.serial)
        self.write(path, content)
        self.write(path + b".done", b"")
        self.dropped.add("with a marker", content)

    def empty(self):
        self.serial += 1
        self.write(self.place(), b"")
        self.dropped.add("0 bytes", b"")

    def bulk(self):
        for _ in range(min(20, self.count - self.serial)):
            self.copy_at_once()


def odd_entries(inbox):
    """What must never be opened."""
    os.symlink("/etc/passwd", inbox / "link.png")
    os.symlink(str(inbox), inbox / "loop")
    os.mkfifo(inbox / "pipe.png")


def bind_mount(site, name):
    """The inbox's folder as another mount shows it; where mounting is not allowed the folder itself, polled all the same."""
    shown = site.inbox(name)
    source = site.folder / "share"
    source.mkdir()
    if os.geteuid() == 0 and subprocess.run(["mount", "--bind", source, shown], stderr=subprocess.DEVNULL).returncode == 0:
        return source, True
    return shown, False


def check(site, dropped):
    left = [p for p in site.files_in_inboxes()]
    assert not left, f"left in the inboxes: {left[:5]}"
    arrived = collections.Counter()
    for sha, count in site.query("SELECT sha256, count(*) FROM arrival_file GROUP BY sha256"):
        arrived[sha] = count
    half = sorted(arrived.keys() & dropped.never)
    assert not half, f"{len(half)} contents were taken that were about to be changed"
    unknown = arrived.keys() - dropped.final.keys() - dropped.excused.keys()
    assert not unknown, f"{len(unknown)} contents were taken that nobody dropped"
    excused = {sha: n for sha, n in arrived.items() if sha in dropped.excused and sha not in dropped.final}
    wrong = {sha: (n, arrived[sha]) for sha, n in dropped.final.items() if arrived[sha] != n}
    assert not wrong, f"{len(wrong)} contents did not arrive as often as they were dropped: {list(wrong.items())[:5]}"
    states = site.states()
    # Each content once, whatever it ended as; all the others are duplicates, linked to it.
    once = site.query("SELECT batch_id, count(*) FROM arrival WHERE state IN ('recorded', 'quarantined') GROUP BY batch_id")
    assert all(count == 1 for _, count in once), "a content was filed twice"
    assert len(once) == len(dropped.final) + len(excused), (len(once), len(dropped.final), len(excused))
    assert states["taken"] == 0 and sum(states.values()) == sum(dropped.final.values()) + sum(excused.values()), states
    assert site.query("SELECT count(*) FROM arrival WHERE state = 'duplicate' AND duplicate_of IS NULL") == [(0,)]
    done = collections.Counter(sha256(p.read_bytes()) for p in files_below(site.out / "done") if p.suffix != ".done")
    assert done == arrived, f"{sum((arrived - done).values())} originals are not in done/, {sum((done - arrived).values())} too many"
    assert site.query("SELECT count(*) FROM page") == [(len(once),)]
    assert not site.leftovers(), site.leftovers()[:5]
    site.verify_audit()
    return states, len(excused)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("chartlift")
    parser.add_argument("source")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    common = {"settle_s": SETTLE_S, "incomplete_s": 20, "rescan_s": 5}
    site = Site(arguments.chartlift, arguments.source, [
        {"name": "urgent", "priority": 9, **common}, {"name": "ward", "class": "inpatient", **common},
        {"name": "slow", "priority": 1, **common}, {"name": "share", "mode": "polling", "poll_s": 0.5, **common}])
    mounted = False
    try:
        pmi = site.folder / "pmi.csv"
        pmi.write_text(PMI)
        site.more = f'[patients]\nindex = "{pmi}"'
        site.write_config()
        share, mounted = bind_mount(site, "share")
        inboxes = [site.inbox("urgent"), site.inbox("ward"), site.inbox("slow"), share]
        odd_entries(site.inbox("ward"))
        aside = site.folder / "aside"
        aside.mkdir()
        for name in ("urgent", "ward"):  # what lay there before the start is taken too
            (site.inbox(name) / "early.png").write_bytes(blank_png(f"early {name}"))
        site.start().wait_ready()
        dropped = Dropped()
        for name in ("urgent", "ward"):
            dropped.add("before the start", blank_png(f"early {name}"))
        began = time.monotonic()
        writers = [Writer(n, arguments.files // WRITERS, arguments.seed, inboxes, aside, dropped) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        seen, served = [], site.folder / "served.txt"
        while any(writer.is_alive() for writer in writers) or site.files_in_inboxes() or site.states()["taken"]:
            assert site.alive(), f"the service ended by itself:\n{site.log_end()}"
            assert time.monotonic() - began < 60 + arguments.files * 0.5, \
                f"not done: {site.files_in_inboxes()[:8]} in the inboxes, {site.states()}\n{site.log_end()}"
            seen.append(process_numbers(site.process.pid))
            with open(served, "a") as file:
                for path in ("/metrics", "/status.json", "/readyz"):
                    file.write(site.get(path)[1])
            time.sleep(1)
        took = time.monotonic() - began
        assert not [w for w in writers if w.failure], [w.failure for w in writers if w.failure]
        refused = [line for line in site.log_lines() if line.get("event") == "input.refused"]
        assert {line["reason"] for line in refused} >= {"symbolic link", "fifo"}, refused
        site.drain()
        states, excused = check(site, dropped)
        flat(seen)
        leaks = phi_grep.leaks(pmi, [site.log, served])
        assert not leaks, f"somebody's name was told: {leaks[:5]}"
        files = sum(dropped.final.values())
        print(f"{files} files in {took:.0f} s, {files / took:.0f} a second; {dict(dropped.ways)}; {dict(states)}; "
              f"{excused} taken because a writer was held up; share {'bind-mounted' if mounted else 'not mounted'}; "
              f"memory {seen[len(seen) // 3]['rss_kb'] // 1024} then {seen[-1]['rss_kb'] // 1024} MB, "
              f"descriptors at most {max(s['fds'] for s in seen)}, threads at most {max(s['threads'] for s in seen)}")
    finally:
        if mounted:
            subprocess.run(["umount", "-l", site.inbox("share")])
        site.remove()


def flat(seen):
    """From the first third on nothing grows with the number of files."""
    third = len(seen) // 3
    early, late = seen[third:2 * third] or seen, seen[2 * third:]

    def most(samples, what):
        return max(s[what] for s in samples)

    assert most(late, "rss_kb") < most(early, "rss_kb") * 1.25 + 40_000, "memory grows"
    assert most(late, "fds") <= most(early, "fds") + 20, "descriptors grow"
    assert most(late, "threads") <= most(early, "threads") + 4, "threads grow"


main()
