#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service under steady load for hours: samples memory, descriptors, threads, workers, queue and pages every 5 s into a
CSV, draws them, and says whether anything grows. Exits 1 if so.

usage: service_load.py CHARTLIFT SOURCE_DIR [--minutes M] [--per-second R] [--out FOLDER]
"""
import argparse, csv, os, pathlib, shutil, sys, time

from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/service"))
from live_service import Site, blank_png, process_numbers

SAMPLE_S = 5
SETTLES_S = 600  # caches, pools and the allocator have their size by then
MOST_PER_HOUR = {"rss_kb": 10_000, "fds": 4, "threads": 2}  # slopes below these are noise
MOST_WAITING = 50  # dropping pauses while more wait
SCANS_EVERY = 20  # of the files dropped, one is a real scan, the others are blank pages


def slope_per_hour(times, values):
    """Least squares."""
    n = len(times)
    mean_t, mean_v = sum(times) / n, sum(values) / n
    spread = sum((t - mean_t) ** 2 for t in times)
    return 3600 * sum((t - mean_t) * (v - mean_v) for t, v in zip(times, values)) / spread if spread else 0.0


def draw(rows, columns, path):
    """A small chart a column, one under the other, over minutes."""
    width, height, left, right = 1000, 120, 230, 20
    font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 14)
    image = Image.new("RGB", (width, height * len(columns) + 50), "white")
    pen = ImageDraw.Draw(image)
    last = rows[-1]["seconds"] or 1
    x_of = [left + (width - left - right) * row["seconds"] / last for row in rows]
    for n, column in enumerate(columns):
        top, bottom, values = n * height + 14, (n + 1) * height - 10, [row[column] for row in rows]
        most = max(values) or 1
        pen.rectangle((left, top, width - right, bottom), outline="#c8c8c8", fill="#fafafa")
        pen.text((10, top), column.replace("_", " "), fill="black", font=font)
        pen.text((10, top + 22), f"most {max(values):,}", fill="#606060", font=font)
        pen.text((10, top + 44), f"last {values[-1]:,}", fill="#606060", font=font)
        pen.line([(x, bottom - (bottom - top) * value / (1.1 * most)) for x, value in zip(x_of, values)], fill="#1f4e8c", width=2)
    every_min = next(m for m in (1, 5, 10, 15, 30, 60, 600) if last / 60 / m <= 10)
    for minute in range(0, int(last / 60) + 1, every_min):
        x = left + (width - left - right) * minute * 60 / last
        pen.line((x, height * len(columns) - 10, x, height * len(columns) - 4), fill="#606060")
        pen.text((x, height * len(columns)), f"{minute}", fill="#606060", font=font, anchor="ma")
    pen.text((width - right, height * len(columns) + 22), "minutes; every chart begins at 0", fill="#606060", font=font, anchor="ra")
    image.save(path)


def scans_of(source):
    return sorted(p for p in (source / "testdata/scans").rglob("*") if p.suffix in (".tif", ".pdf", ".png", ".jpg"))


def drop(site, number, scans):
    aside = site.folder / "aside"
    if number % SCANS_EVERY == 0:
        scan = scans[number // SCANS_EVERY % len(scans)]
        # Bytes behind the end make it a new content, which no decoder minds.
        aside.write_bytes(scan.read_bytes() + (b"\n%%%d\n" % number if scan.suffix == ".pdf" else b"%d" % number))
        name = f"scan{number}{scan.suffix}"
    else:
        aside.write_bytes(blank_png(f"load {number}"))
        name = f"blank{number}.png"
    os.rename(aside, site.inbox("in") / name)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("chartlift")
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--per-second", type=float, default=1.0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."))
    arguments = parser.parse_args()
    site = Site(arguments.chartlift, arguments.source, [{"name": "in", "settle_s": 0.2}])
    scans, rows, number = scans_of(arguments.source), [], 0
    try:
        site.start().wait_ready()
        began = time.monotonic()
        with open(arguments.out / "service_load.csv", "w", newline="") as file:
            table = None
            while (now := time.monotonic() - began) < arguments.minutes * 60:
                # Back-pressure: what the service cannot keep up with is not dropped on it.
                while number < now * arguments.per_second and (not rows or rows[-1]["queue"] < MOST_WAITING):
                    drop(site, number, scans)
                    number += 1
                if not rows or now - rows[-1]["seconds"] >= SAMPLE_S:
                    assert site.alive(), site.log_end()
                    status, own = site.status(), process_numbers(site.process.pid)
                    workers = [process_numbers(pid)["rss_kb"] for pid in own["child_pids"] if pathlib.Path(f"/proc/{pid}/status").exists()]
                    rows.append({"seconds": round(now, 1), "rss_kb": own["rss_kb"], "workers_rss_kb": sum(workers), "fds": own["fds"],
                                 "threads": own["threads"], "workers": own["children"],
                                 "queue": sum(i["waiting"] for i in status.get("inboxes", [])), "pages": status.get("pages_done", 0)})
                    table = table or csv.DictWriter(file, rows[0].keys())
                    if len(rows) == 1:
                        table.writeheader()
                    table.writerow(rows[-1])
                    file.flush()
                    shutil.rmtree(site.out / "done", ignore_errors=True)  # room; the archive keeps everything
                time.sleep(0.05)
        site.stop()
    finally:
        site.remove()
    draw(rows, ["rss_kb", "workers_rss_kb", "fds", "threads", "queue", "pages"], arguments.out / "service_load.png")
    settled = [row for row in rows if row["seconds"] >= min(SETTLES_S, rows[-1]["seconds"] / 3)]
    grows = False
    for what, most in MOST_PER_HOUR.items():
        slope = slope_per_hour([row["seconds"] for row in settled], [row[what] for row in settled])
        grows |= slope > most
        print(f"{what}: {settled[0][what]} to {settled[-1][what]}, {slope:+.1f} an hour (at most {most})")
    print(f"{rows[-1]['pages']} pages in {rows[-1]['seconds'] / 60:.0f} minutes; " + ("something GROWS" if grows else "flat"))
    sys.exit(grows)


main()
