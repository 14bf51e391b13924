# SPDX-License-Identifier: GPL-3.0-or-later
"""What people add to a page by hand: pen strokes, signatures, initials, margin notes, rubber stamps."""
import functools
import math

from PIL import Image, ImageDraw, ImageFont

ROOT = "/usr/share/fonts/"
HAND_FONTS = [ROOT + "opentype/dancingscript/DancingScript-Regular.otf", ROOT + "truetype/fifthhorseman/dkg.ttf",
              ROOT + "truetype/breip/Breip.ttf", ROOT + "opentype/bwht/BecauseWeLearn-Regular.otf",
              ROOT + "opentype/bwht/BecauseWeConnect-Regular.otf", ROOT + "opentype/urw-base35/Z003-MediumItalic.otf"]
NOTES = ["noted", "OK", "see chart", "reviewed", "call pt", "faxed", "file", "copy to PCP", "f/u 2 wks", "rec'd", "Dr. aware", "scan", "old chart"]
STAMPS = ["RECEIVED", "COPY", "SCANNED", "FILED", "MEDICAL RECORDS", "FAXED", "CONFIDENTIAL", "ENTERED"]


@functools.lru_cache(maxsize=256)
def font(path, size):
    return ImageFont.truetype(path, size)


def catmull(points, steps=14):
    """A smooth curve through the points (centripetal enough for pen strokes)."""
    out = []
    p = [points[0]] + points + [points[-1]]
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:]):
        for i in range(steps):
            t = i / steps
            out.append(tuple(0.5 * (2 * b[k] + (c[k] - a[k]) * t + (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k]) * t * t
                                    + (3 * b[k] - a[k] - 3 * c[k] + d[k]) * t ** 3) for k in (0, 1)))
    return out


def stroke(draw, points, width, shade=0):
    curve = catmull(points)
    for i, (a, b) in enumerate(zip(curve, curve[1:])):
        w = max(1, round(width * (0.75 + 0.35 * math.sin(i * 0.21))))  # the pen presses unevenly
        draw.line([a, b], fill=shade, width=w)


def scribble(draw, rng, x, y, width, height, pen):
    """A signature that no one can read: loops that run along the line and a tail."""
    points, at = [], x
    while at < x + width:
        points.append((at, y - height * rng.uniform(0.1, 1.0)))
        points.append((at + rng.uniform(4, 22), y + height * rng.uniform(-0.25, 0.18)))
        at += rng.uniform(width / 16, width / 6)
    points.append((x + width * rng.uniform(1.02, 1.15), y - height * rng.uniform(-0.1, 0.4)))
    stroke(draw, points, pen, rng.choice([0, 0, 30, 60]))


def signature(image, rng, x, y, name, px):
    """Signs on the line at y: written out by a hand font, or a scribble, or both."""
    draw = ImageDraw.Draw(image)
    kind = rng.random()
    if kind < 0.55 and name:
        face = font(rng.choice(HAND_FONTS), int(px * rng.uniform(1.3, 1.9)))
        draw.text((x + rng.randint(0, 60), y + rng.randint(-6, 8)), name, font=face, fill=rng.choice([0, 40, 70]), anchor="ls")
        if rng.random() < 0.5:
            stroke(draw, [(x, y + 8), (x + 120, y + 16), (x + 380, y - 4)], 4)
    else:
        scribble(draw, rng, x + rng.randint(0, 50), y, rng.randint(240, 560), px * rng.uniform(0.9, 1.6), rng.choice([4, 5, 6]))


def hand_text(image, rng, x, y, text, px, anchor="ls"):
    face = font(rng.choice(HAND_FONTS), px)
    ImageDraw.Draw(image).text((x, y), text, font=face, fill=rng.choice([0, 40, 80]), anchor=anchor)


def margin_note(image, rng, text=None):
    """A few written words where the page is empty: the foot, the top corner."""
    text = text or rng.choice(NOTES) + rng.choice(["", " " + "".join(rng.choice("ABDEJKLMRST") for _ in range(2)), f" {rng.randint(1, 12)}/{rng.randint(1, 28)}"])
    w, h = image.size
    x, y = rng.choice([(rng.randint(150, 700), h - rng.randint(200, 290)), (rng.randint(1500, 1900), h - rng.randint(200, 290)), (rng.randint(1700, 2000), rng.randint(70, 110))])
    hand_text(image, rng, x, y, text, rng.randint(56, 88))


def stamp(image, rng, date_text):
    """A rubber stamp, tilted, patchy, near the foot or the right-hand top."""
    text = rng.choice(STAMPS)
    face = font(ROOT + "truetype/liberation/LiberationSans-Bold.ttf", rng.randint(54, 84))
    dated = font(ROOT + "truetype/liberation/LiberationMono-Regular.ttf", 44)
    width = int(max(face.getlength(text), dated.getlength(date_text))) + 60
    patch = Image.new("L", (width, 190), 255)
    draw = ImageDraw.Draw(patch)
    shade = rng.randint(60, 140)
    draw.rectangle([4, 4, width - 5, 185], outline=shade, width=6)
    draw.text((30, 20), text, font=face, fill=shade)
    draw.text((width // 2, 150), date_text, font=dated, fill=shade, anchor="mm")
    patch = patch.rotate(rng.uniform(-9, 9), resample=Image.BICUBIC, expand=True, fillcolor=255)
    x, y = rng.choice([(rng.randint(300, 1500), image.height - rng.randint(420, 480)), (rng.randint(200, 900), image.height - rng.randint(420, 480))])
    box = (x, y, x + patch.width, y + patch.height)
    image.paste(Image.composite(patch, image.crop(box), patch.point(lambda v: 255 if v < 250 else 0)), box)
