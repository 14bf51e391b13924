# SPDX-License-Identifier: GPL-3.0-or-later
"""What scanning does to a page: paper, light, skew, turns, holes, edges, dirt, fax, bilevel.

Order: things on the paper (stains, bleed-through, holes) lean and turn with it; the scanner's own marks (edge shadow,
light, streaks, speckle) do not. skew_ccw: the content leans counter-clockwise by this many degrees; the leaning page is
then turned clockwise by rotated_cw.
"""
import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .ink import ROOT, font

TURN = {90: Image.ROTATE_270, 180: Image.ROTATE_180, 270: Image.ROTATE_90}


def paper(image, rng, behind=None, stained=False, holes=False, bilevel=False):
    """Marks on the sheet itself."""
    if behind is not None:  # the back's print shows through, mirrored and faint
        ghost = behind.transpose(Image.FLIP_LEFT_RIGHT).filter(ImageFilter.GaussianBlur(4))
        faint = rng.uniform(0.05, 0.11)
        image = ImageChops.darker(image, ghost.point(lambda v: int(255 - (255 - v) * faint)))
    if stained:
        image = stain(image, rng, bilevel)
    if holes:
        draw = ImageDraw.Draw(image)
        x, radius = rng.randint(90, 120), rng.randint(36, 42)
        shade = 0 if bilevel else rng.randint(5, 70)
        spots = [image.height * f for f in rng.choice([(0.136, 0.5, 0.864), (0.37, 0.63), (0.136, 0.5, 0.864)])]
        if rng.random() < 0.25:  # punched at the head
            spots = [(image.width * 0.37, x), (image.width * 0.63, x)]
        else:
            spots = [(x, y) for y in spots]
        for cx, cy in spots:
            draw.ellipse([cx - radius, cy - radius, cx + radius, cy + radius], fill=shade)
    return image


def stain(image, rng, bilevel):
    """A coffee ring or a blotch; on a bilevel page only its rim survives the threshold, as dots."""
    layer = Image.new("L", (image.width // 4, image.height // 4), 255)
    draw = ImageDraw.Draw(layer)
    for _ in range(rng.randint(1, 2)):
        cx, cy, r = rng.randint(60, layer.width - 60), rng.randint(60, layer.height - 60), rng.randint(45, 80)
        tone = rng.randint(205, 232)
        if rng.random() < 0.6:
            draw.ellipse([cx - r, cy - r * 0.95, cx + r, cy + r * 0.95], outline=tone, width=rng.randint(4, 8))
        else:
            draw.polygon([(cx + r * rng.uniform(0.5, 1.1) * np.cos(a), cy + r * rng.uniform(0.5, 1.1) * np.sin(a)) for a in np.arange(0, 6.28, 0.35)], fill=tone)
    layer = layer.filter(ImageFilter.GaussianBlur(2.2)).resize(image.size, Image.BICUBIC)
    if bilevel:
        rough = np.random.default_rng(rng.randrange(1 << 30)).random((image.height, image.width)) < (255 - np.asarray(layer, dtype=np.float32)) / 900
        return ImageChops.darker(image, Image.fromarray(np.where(rough, 0, 255).astype(np.uint8)))
    return ImageChops.multiply(image, layer)


def lean(image, skew_ccw, fill=255):
    return image.rotate(skew_ccw, resample=Image.BICUBIC, fillcolor=fill) if skew_ccw else image


def turn(image, rotated_cw):
    return image.transpose(TURN[rotated_cw]) if rotated_cw else image


def smooth_field(nprng, shape, cells, low, high):
    """A field of soft hills between low and high."""
    small = nprng.uniform(low, high, (cells, cells)).astype(np.float32)
    return np.asarray(Image.fromarray(small, "F").resize((shape[1], shape[0]), Image.BICUBIC))


def grey_scan(image, rng, dpi, shadow, streak):
    """A grey flatbed or feeder scan: uneven light, soft optics, sensor noise, a shadow along one edge."""
    scale = dpi / 300
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.LANCZOS)
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.65)))
    nprng = np.random.default_rng(rng.randrange(1 << 30))
    a = np.asarray(image, dtype=np.float32)
    white, black = rng.uniform(228, 250), rng.uniform(15, 60)
    a = black + a * (white - black) / 255
    a *= smooth_field(nprng, a.shape, 5, 0.95, 1.03)
    if rng.random() < 0.4:  # light falls off across the page
        ramp = np.linspace(rng.uniform(0.84, 0.96), 1.0, a.shape[1], dtype=np.float32)
        a *= ramp if rng.random() < 0.5 else ramp[::-1]
    a += nprng.normal(0, rng.uniform(0.8, 2.4), a.shape).astype(np.float32)
    if shadow:
        width = rng.randint(8, 26)
        dark = np.linspace(rng.uniform(0.05, 0.35), 0.9, width, dtype=np.float32)
        side = rng.choice(["left", "right", "top"])
        if side == "left":
            a[:, :width] *= dark
        elif side == "right":
            a[:, -width:] *= dark[::-1]
        else:
            a[:width] *= dark[:, None]
    if streak:
        x = rng.randrange(a.shape[1] // 8, a.shape[1] * 7 // 8)
        a[:, x : x + rng.choice([1, 1, 2])] -= rng.uniform(30, 90)
    return Image.fromarray(np.clip(a, 0, 255).astype(np.uint8))


def bilevel_scan(image, rng, dpi_x, dpi_y, speckle, shadow, streak):
    """A bilevel scan or fax: resampled, thresholded with a little noise, then dirt."""
    size = (round(image.width * dpi_x / 300), round(image.height * dpi_y / 300))
    if size != image.size:
        image = image.resize(size, Image.LANCZOS)
    nprng = np.random.default_rng(rng.randrange(1 << 30))
    a = np.asarray(image.filter(ImageFilter.GaussianBlur(0.45)), dtype=np.float32)
    a = a + nprng.normal(0, rng.uniform(4, 16), a.shape).astype(np.float32)
    black = a < rng.uniform(120, 175)
    if speckle:
        count = int(speckle * a.shape[0] * a.shape[1])
        ys, xs = nprng.integers(0, a.shape[0] - 3, count), nprng.integers(0, a.shape[1] - 3, count)
        grown = nprng.random(count)
        black[ys, xs] = True
        black[ys[grown < 0.4] + 1, xs[grown < 0.4]] = True
        black[ys[grown < 0.25], xs[grown < 0.25] + 1] = True
        black[ys[grown < 0.1] + 1, xs[grown < 0.1] + 1] = True
    if shadow:
        width = rng.randint(10, 50)
        side = rng.choice(["left", "right", "top", "bottom"])
        ragged = width + nprng.integers(-3, 4, max(a.shape))
        rows, cols = np.arange(a.shape[0])[:, None], np.arange(a.shape[1])[None, :]
        edge = {"left": cols < ragged[: a.shape[0], None], "right": cols >= a.shape[1] - ragged[: a.shape[0], None],
                "top": rows < ragged[None, : a.shape[1]], "bottom": rows >= a.shape[0] - ragged[None, : a.shape[1]]}[side]
        black |= edge
    if streak:  # a dirty spot on the fax's glass
        x = rng.randrange(a.shape[1] // 10, a.shape[1] * 9 // 10)
        black[:, x] |= nprng.random(a.shape[0]) < 0.85
    return Image.fromarray(np.where(black, 0, 255).astype(np.uint8)).convert("1", dither=Image.NONE)


def fax_line(rng, date_text):
    """The words a sending machine prints across the head of each page, but for the page's number."""
    return (f"{date_text}  {rng.randint(7, 19):02d}:{rng.randint(0, 59):02d}    FROM: {rng.randint(201, 989)}555{rng.randint(0, 9999):04d}"
            f"    TO: {rng.randint(201, 989)}555{rng.randint(0, 9999):04d}")


def fax_header(image, text):
    ImageDraw.Draw(image).text((260, 60), text, font=font(ROOT + "truetype/dejavu/DejaVuSansMono.ttf", 38), fill=0, anchor="ls")
