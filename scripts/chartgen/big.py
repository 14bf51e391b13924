# SPDX-License-Identifier: GPL-3.0-or-later
"""One large bilevel TIFF at 300 dpi: a few distinct pages again and again, each shifted a little and numbered."""
import random

from PIL import Image, ImageDraw

from . import document, files, people, render
from .ink import ROOT, font

DISTINCT = 20  # pages laid out; the rest are these, moved
KINDS = ["consultation_note", "discharge_summary", "operative_report", "history_and_physical", "progress_note"]


def write(path, seed, pages, progress):
    rng = random.Random(f"big {seed}")
    index = people.make_index(rng, 50)
    sheets = []
    while len(sheets) < DISTINCT:
        doc = document.make_document(rng, rng.choice(KINDS), rng.choice(index))
        sheets += [image.convert("1", dither=Image.NONE) for image, _ in render.Layout(doc, rng).run()]
    face = font(ROOT + "truetype/liberation/LiberationMono-Regular.ttf", 46)
    writer = files.TiffWriter(path)
    for number in range(1, pages + 1):
        sheet = Image.new("1", (render.WIDTH, render.HEIGHT), 1)
        sheet.paste(sheets[number % DISTINCT], (rng.randint(-12, 12), rng.randint(-12, 12)))
        ImageDraw.Draw(sheet).text((render.WIDTH - 420, 70), f"BOX {number:05d}", font=face, fill=0, anchor="ls")
        writer.add(sheet, render.DPI, render.DPI)
        progress(number, pages)
    writer.close()
    print(f"{pages} pages in {path}")
