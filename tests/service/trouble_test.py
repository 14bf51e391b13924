#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A live service in trouble: a locked catalog, a disk that is nearly full, a configuration that is wrong; and at rest,
how long one page takes.

usage: trouble_test.py CHARTLIFT SOURCE_DIR [NAME...]
"""
import os, pathlib, signal, sqlite3, subprocess, sys, time

from live_service import Site, blank_png, wait_for

LOCKED_S = 15
LATENCY_S = 3.0  # promised at rest, from the file being whole to its document in the catalog


def drop(inbox, name, content):
    aside = inbox.parent.parent / "aside"
    aside.write_bytes(content)
    os.rename(aside, inbox / name)


def as_root(*command):
    return command if os.geteuid() == 0 else ("sudo", *command)


def page_of_text():
    """A4 at 200 dpi with a few lines."""
    import io
    from PIL import Image, ImageDraw, ImageFont
    page = Image.new("L", (1654, 2339), 255)
    font = ImageFont.load_default()
    small = Image.new("L", (400, 300), 255)
    for n, line in enumerate(["MERCY GENERAL HOSPITAL", "DISCHARGE SUMMARY", "The patient was admitted with chest pain",
                              "and was discharged home in good condition."]):
        ImageDraw.Draw(small).text((10, 20 + 30 * n), line, font=font, fill=0)
    page.paste(small.resize((1600, 1200)), (30, 200))
    out = io.BytesIO()
    page.convert("1").save(out, "TIFF", compression="group4", dpi=(200, 200))
    return out.getvalue()


def locked(site):
    """Another process holds the catalog: the service waits, says so, and goes on."""
    site.start().wait_ready()
    other = sqlite3.connect(site.out / "catalog.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    drop(site.inbox("in"), "during.png", blank_png("during"))
    unready = wait_for("the service to say that it waits", lambda: site.get("/readyz") if site.get("/readyz")[0] == 503 else None,
                       timeout_s=LOCKED_S)
    status = wait_for("status to say so", lambda: site.status().get("state") == "waiting_for_store" and site.status(), LOCKED_S)
    time.sleep(max(0, LOCKED_S - (time.monotonic() - began)))
    assert site.alive(), site.log_end()
    other.execute("COMMIT")
    other.close()
    site.wait_taken()
    site.wait_ready()
    assert site.states()["recorded"] == 1, site.states()
    return f"said {unready[1].strip()!r} and {status['state']}, then went on"


def full(site):
    """OUT's disk has less room than service.min_free_mb: nothing is taken in, all is served, until there is room."""
    site.out.mkdir()
    subprocess.run(as_root("mount", "-t", "tmpfs", "-o", f"size=64m,uid={os.getuid()},mode=700", "tmpfs", site.out), check=True)
    try:
        site.service = "min_free_mb = 32"
        site.write_config()
        site.start().wait_ready()
        ballast = site.out / "ballast"
        ballast.write_bytes(b"\0" * (40 << 20))
        wait_for("the service to see it", lambda: site.status().get("state") == "disk_nearly_full")
        drop(site.inbox("in"), "waits.png", blank_png("waits"))
        time.sleep(3)
        assert (site.inbox("in") / "waits.png").exists() and not site.states(), "it was taken in for all that"
        assert site.get("/healthz")[0] == 200 and site.get("/readyz")[0] == 503 and site.get("/metrics")[0] == 200
        ballast.unlink()
        site.wait_taken()
        assert site.states()["recorded"] == 1, site.states()
        site.wait_ready()
        site.stop()
    finally:
        if site.alive():
            site.kill()
        subprocess.run(as_root("umount", "-l", site.out))
    return "waited for room, served all the while, went on"


def reload(site):
    """A configuration that is wrong is refused, with file, line, key and range; a right one is taken."""
    site.start().wait_ready()
    good = site.config.read_text()
    site.config.write_text(good.replace("settle_s = 0.2", "settle_s = 99999"))
    site.process.send_signal(signal.SIGHUP)
    refused = wait_for("the refusal", lambda: not site.status().get("last_reload", {"ok": True})["ok"] and site.status()["last_reload"])
    line = 1 + site.config.read_text().splitlines().index("settle_s = 99999")
    for part in ("site.toml", str(line), "settle_s", "3600"):
        assert part in refused["message"], f"{part} is not in {refused['message']!r}"
    drop(site.inbox("in"), "old.png", blank_png("old"))
    site.wait_taken()
    new = site.folder / "in" / "new"
    new.mkdir()
    site.config.write_text(good)
    site.inboxes.append({"name": "new", "path": str(new), "settle_s": 0.2})
    site.write_config()
    site.process.send_signal(signal.SIGHUP)
    drop(new, "new.png", blank_png("new"))
    site.wait_taken()
    assert site.states()["recorded"] == 2 and site.alive(), site.states()
    assert site.stop() == 0
    return f"refused with {refused['message']!r}; a new inbox was watched"


def latency(site):
    """One page, at rest."""
    site.start().wait_ready()
    drop(site.inbox("in"), "first.png", blank_png("warm"))  # what is made once is made now
    site.wait_taken()
    time.sleep(1)
    content = page_of_text()
    began = time.monotonic()
    drop(site.inbox("in"), "one page.tif", content)
    wait_for("its document", lambda: site.query("SELECT count(*) FROM document") == [(1,)], every_s=0.02)
    took = time.monotonic() - began
    busy = os.getloadavg()[0] > os.cpu_count()
    assert took < LATENCY_S or busy, f"{took:.2f} s; at most {LATENCY_S} s"
    return f"{took:.2f} s from whole to filed" + (" (the machine was not at rest)" if busy else "")


def clock(site):
    """The clock steps back two days while it works: decisions go by the steady clock, order by numbers."""
    library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    offset = site.folder / "offset"  # the times of files stay the kernel's, as they would
    offset.write_text("+0\n")
    site.start(LD_PRELOAD=str(library), FAKETIME_TIMESTAMP_FILE=str(offset), FAKETIME_NO_CACHE="1",
               FAKETIME_DONT_FAKE_MONOTONIC="1", NO_FAKE_STAT="1").wait_ready()
    drop(site.inbox("in"), "before.png", blank_png("before"))
    site.wait_taken()
    offset.write_text("-2d\n")
    (site.inbox("in") / "after.png").write_bytes(blank_png("after"))  # not renamed in: it must settle
    site.wait_taken()
    before, after = (row[0] for row in site.query("SELECT taken_ms FROM arrival ORDER BY id"))
    assert after < before - 24 * 3600 * 1000, "the service did not see the clock step back: the test tests nothing"
    assert site.states()["recorded"] == 2, site.states()
    assert site.get("/healthz")[0] == 200 and site.get("/readyz")[0] == 200
    assert all(i["oldest_age_s"] >= 0 for i in site.status()["inboxes"])
    assert site.stop() == 0
    site.verify_audit()
    return "taken in and recorded two days before what came first; the audit log is whole"


def main():
    chartlift, source, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
    for check in (locked, full, reload, clock, latency):
        if wanted and check.__name__ not in wanted:
            continue
        site = Site(chartlift, source, [{"name": "in", "settle_s": 0.2, "rescan_s": 1}])
        try:
            print(f"{check.__name__}: {check(site)}", flush=True)
        finally:
            site.remove()


main()
