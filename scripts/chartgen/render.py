# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays a document out on letter pages at 300 dpi, grey, level and clean; a scan's defects come later.

The truth text of a page is its body (no letterhead, header block or footer, and nothing written by hand), cell by cell.
"""
import dataclasses
import functools
import random
import zlib

from PIL import Image, ImageDraw

from . import barcode, document, ink, notes, people
from .ink import ROOT, font

DPI = 300
WIDTH, HEIGHT = 2550, 3300  # US letter

LIB = ROOT + "truetype/liberation/Liberation"
URW = ROOT + "opentype/urw-base35/"
PRIME = ROOT + "opentype/courier-prime/Courier Prime"
FAMILIES = {  # (regular, bold, size factor so that equal points look alike)
    "serif": (LIB + "Serif-Regular.ttf", LIB + "Serif-Bold.ttf", 1.05), "sans": (LIB + "Sans-Regular.ttf", LIB + "Sans-Bold.ttf", 0.97),
    "mono": (LIB + "Mono-Regular.ttf", LIB + "Mono-Bold.ttf", 0.95), "courier": (PRIME + ".otf", PRIME + " Bold.otf", 1.0),
    "nimbus": (URW + "NimbusMonoPS-Regular.otf", URW + "NimbusMonoPS-Bold.otf", 1.0), "century": (URW + "C059-Roman.otf", URW + "C059-Bold.otf", 0.97),
    "palatino": (URW + "P052-Roman.otf", URW + "P052-Bold.otf", 1.0), "carlito": (ROOT + "truetype/crosextra/Carlito-Regular.ttf", ROOT + "truetype/crosextra/Carlito-Bold.ttf", 1.05),
    "caladea": (ROOT + "truetype/crosextra/Caladea-Regular.ttf", ROOT + "truetype/crosextra/Caladea-Bold.ttf", 1.0),
    "dejavu": (ROOT + "truetype/dejavu/DejaVuSans.ttf", ROOT + "truetype/dejavu/DejaVuSans-Bold.ttf", 0.88),
    "dejavumono": (ROOT + "truetype/dejavu/DejaVuSansMono.ttf", ROOT + "truetype/dejavu/DejaVuSansMono-Bold.ttf", 0.88),
    "narrow": (URW + "NimbusSansNarrow-Regular.otf", URW + "NimbusSansNarrow-Bold.otf", 1.08),
}


def px(points):
    return int(round(points * DPI / 72))


@dataclasses.dataclass
class Look:
    """The typography of one document."""
    family: str
    points: float
    leading: float
    left: int
    right: int
    top: int
    bottom: int
    bold_heads: bool
    indent: int

    @property
    def size(self):
        return px(self.points * FAMILIES[self.family][2])

    def face(self, bold=False, scale=1.0):
        return font(FAMILIES[self.family][1 if bold else 0], max(14, int(self.size * scale)))

    @property
    def line(self):
        return int(px(self.points) * self.leading)


def make_look(rng):
    margin = rng.randint(190, 330)
    return Look(rng.choice(sorted(FAMILIES) + ["serif", "sans", "mono", "courier"]), rng.choice([10, 10.5, 11, 11, 12]), rng.uniform(1.12, 1.36), margin,
                WIDTH - margin + rng.randint(-40, 40), rng.randint(130, 240), HEIGHT - rng.randint(260, 340), rng.random() < 0.5, rng.choice([0, 0, 0, 70]))


@dataclasses.dataclass
class Row:
    """One unbreakable strip of the body: how tall, how drawn, what it says."""
    height: int
    draw: object  # (image, y) -> None
    text: str = ""
    keep: bool = False  # stay with the next row: headings


@functools.lru_cache(maxsize=200_000)
def measure(face, word):
    return face.getlength(word)


def wrap(face, text, width):
    """Lines no wider than `width`; two blanks after a colon are kept, as typists leave them."""
    lines, current, at = [], "", 0.0
    blank = measure(face, " ")
    for word in text.split(" "):
        step = measure(face, word) + (blank if current else 0)
        if current and at + step > width:
            lines.append(current)
            current, at = word, measure(face, word)
        else:
            current, at = f"{current} {word}" if current else word, at + step
    lines.append(current)
    return [line.strip() for line in lines if line.strip()]


class Page:
    def __init__(self):
        self.image = Image.new("L", (WIDTH, HEIGHT), 255)
        self.lines = []

    @property
    def draw(self):
        return ImageDraw.Draw(self.image)


class Layout:
    def __init__(self, doc, rng):
        self.doc, self.rng, self.look = doc, rng, make_look(rng)
        self.pages = []

    # --- body rows -------------------------------------------------------------------------------------------------
    def text_row(self, text, x, bold=False, keep=False, record=True, scale=1.0):
        face, look = self.look.face(bold, scale), self.look
        def draw(image, y):
            ImageDraw.Draw(image).text((x, y + look.size), text, font=face, fill=0, anchor="ls")
        return Row(int(look.line * max(1.0, scale)), draw, text if record else "", keep)

    def paragraph(self, text, indent=0, first_bold=""):
        look = self.look
        left = look.left + indent
        rows = []
        face = look.face()
        if first_bold and look.bold_heads:  # a bold run-in heading
            bold = look.face(True)
            lead = bold.getlength(first_bold + "  ")
            words = text.split(" ")
            first, used = [], lead
            while words and used + measure(face, words[0] + " ") <= look.right - left:
                used += measure(face, words[0] + " ")
                first.append(words.pop(0))
            line = " ".join(first)
            def draw(image, y, line=line):
                d = ImageDraw.Draw(image)
                d.text((left, y + look.size), first_bold, font=bold, fill=0, anchor="ls")
                d.text((left + lead, y + look.size), line, font=face, fill=0, anchor="ls")
            rows.append(Row(look.line, draw, f"{first_bold}  {line}"))
            text = " ".join(words)
            if not text:
                return rows
        elif first_bold:
            text = f"{first_bold}  {text}"
        return rows + [self.text_row(line, left) for line in wrap(face, text, look.right - left)]

    def body_rows(self):
        look, rng, rows = self.look, self.rng, []
        for block in self.doc.blocks:
            kind = block[0]
            if kind == "head":
                rows.append(self.text_row(block[1], look.left, look.bold_heads, keep=True))
            elif kind == "line":
                if block[1].startswith("___"):
                    rows.append(self.sign_row("", self.doc.provider))
                else:
                    rows += [self.text_row(line, look.left) for line in wrap(look.face(), block[1], look.right - look.left)]
            elif kind == "para":
                rows += self.paragraph(block[1], look.indent)
            elif kind == "inline":
                rows += self.paragraph(block[2], 0, block[1])
            elif kind == "list":
                for i, item in enumerate(block[1], 1):
                    rows += self.list_item(f"{i}.  " if block[2] else "", item)
            elif kind == "space":
                rows.append(Row(look.line // 2, lambda image, y: None))
            elif kind == "table":
                rows += self.table_rows(block[1], block[2], block[3])
            elif kind == "form":
                rows += self.form_rows(block[1])
            elif kind == "sign":
                rows.append(self.sign_row(block[1], block[2]))
            elif kind == "ecg":
                rows.append(self.ecg_row())
            elif kind == "card":
                rows.append(self.card_row(block[1]))
            else:
                raise ValueError(f"unknown block {kind}")
        return rows

    def list_item(self, number, item):
        look, face = self.look, self.look.face()
        indent = int(face.getlength(number)) + look.indent
        lines = wrap(face, item, look.right - look.left - indent)
        out = []
        for i, line in enumerate(lines):
            if i or not number:
                out.append(self.text_row(line, look.left + indent))
                continue
            def draw(image, y, line=line):
                d = ImageDraw.Draw(image)
                d.text((look.left + look.indent, y + look.size), number.strip(), font=face, fill=0, anchor="ls")
                d.text((look.left + indent, y + look.size), line, font=face, fill=0, anchor="ls")
            out.append(Row(look.line, draw, f"{number}{line}"))
        return out

    def table_rows(self, header, body, grid):
        look, rng = self.look, self.rng
        face, bold = look.face(scale=0.95), look.face(True, 0.9)
        columns = len(header)
        natural = []
        for c in range(columns):
            cells = [r[c] for r in body if not r[c].startswith(notes.HAND)]
            widest = max([face.getlength(x) for x in cells] + [bold.getlength(header[c]) + 10, 60])
            natural.append(min(widest, 1100) + 44)
        room = look.right - look.left
        total = sum(natural)
        if total > room:
            widest = max(range(columns), key=natural.__getitem__)
            natural[widest] = max(300, natural[widest] - (total - room))
        elif grid or rng.random() < 0.5:
            natural = [w * room / total for w in natural]
        lefts = [look.left + sum(natural[:i]) for i in range(columns + 1)]
        pad = rng.choice([14, 20, 30]) if grid else rng.choice([2, 6, 12])
        out = []
        for index, cells in enumerate([header] + body):
            f = bold if index == 0 else face
            wrapped = [wrap(f, x, natural[c] - 30) if x and not x.startswith(notes.HAND) else [] for c, x in enumerate(cells)]
            lines = max([1] + [len(w) for w in wrapped])
            height = lines * look.line + 2 * pad
            def draw(image, y, cells=cells, wrapped=wrapped, f=f, height=height, index=index):
                d = ImageDraw.Draw(image)
                for c, cell in enumerate(wrapped):
                    for i, line in enumerate(cell):
                        d.text((lefts[c] + 14, y + pad + look.size + i * look.line), line, font=f, fill=0, anchor="ls")
                    if cells[c].startswith(notes.HAND) and rng.random() < 0.95:
                        ink.hand_text(image, rng, int(lefts[c] + rng.randint(14, 34)), y + pad + look.size + rng.randint(-6, 6), cells[c][1:], int(look.size * 1.15))
                if grid:
                    for x in lefts:
                        d.line([x, y, x, y + height], fill=0, width=3)
                    d.line([lefts[0], y + height, lefts[-1], y + height], fill=0, width=3)
                    if index == 0:
                        d.line([lefts[0], y, lefts[-1], y], fill=0, width=3)
                elif index == 0:
                    d.line([lefts[0], y + height, lefts[-1], y + height], fill=0, width=3)
            out.append(Row(height, draw, "\n".join(line for w in wrapped for line in w), keep=index == 0))
        out.append(Row(look.line // 2, lambda image, y: None))
        return out

    def form_rows(self, fields):
        """Ruled boxes with a small label in the corner, or label and value on a line."""
        look, rng = self.look, self.rng
        boxed = rng.random() < 0.6
        columns = rng.choice([2, 2, 3]) if boxed else rng.choice([1, 2, 2])
        small, face = look.face(scale=0.68), look.face()
        width = (look.right - look.left) / columns
        out = []
        for i in range(0, len(fields), columns):
            row = fields[i : i + columns]
            height = look.line + (54 if boxed else 14)
            def draw(image, y, row=row, height=height):
                d = ImageDraw.Draw(image)
                for c, (label, value) in enumerate(row):
                    x = look.left + c * width
                    if boxed:
                        d.rectangle([x, y, x + width, y + height], outline=0, width=3)
                        d.text((x + 12, y + 34), label, font=small, fill=0, anchor="ls")
                        fit = wrap(face, value, width - 24) if value else []
                        if fit:
                            d.text((x + 16, y + height - 16), fit[0], font=face, fill=0, anchor="ls")
                    else:
                        d.text((x, y + look.size), f"{label}:", font=face, fill=0, anchor="ls")
                        at = x + face.getlength(f"{label}: ")
                        fit = wrap(face, value, x + width - at - 10) if value else []
                        if fit:
                            d.text((at, y + look.size), fit[0], font=face, fill=0, anchor="ls")
            texts = []  # the truth says only what fits
            for label, value in row:
                room = width - 24 if boxed else width - face.getlength(f"{label}: ") - 10
                shown = (wrap(face, value, room) or [""])[0] if value else ""
                texts += [t for t in ([label, shown] if boxed else [f"{label}: {shown}".strip()]) if t]
            out.append(Row(height, draw, "\n".join(texts)))
        return out

    def sign_row(self, label, name):
        look, rng = self.look, self.rng
        length = rng.randint(700, 1100)
        small = look.face(scale=0.7)
        height = 190 if label else 150
        def draw(image, y):
            d = ImageDraw.Draw(image)
            line_y = y + 130
            d.line([look.left, line_y, look.left + length, line_y], fill=0, width=3)
            if label:
                d.text((look.left, line_y + 40), label, font=small, fill=0, anchor="ls")
            if name and rng.random() < 0.85:
                ink.signature(image, rng, look.left + 20, line_y - 4, name, look.size)
        return Row(height, draw, label)

    def card_row(self, lines):
        """An insurance card, copied: a rounded box with its own print."""
        look, rng = self.look, self.rng
        width, face, bold = rng.randint(1150, 1450), look.face(scale=0.85), look.face(True, 1.15)
        step = int(look.line * 0.95)
        height = step * (len(lines) + 2) + 60
        left = rng.randint(look.left, max(look.left, look.right - width))
        shown = [lines[0]] + [(wrap(face, x, width - 100) or [""])[0] for x in lines[1:]]
        def draw(image, y):
            d = ImageDraw.Draw(image)
            d.rounded_rectangle([left, y + 20, left + width, y + height - 20], radius=50, outline=0, width=5, fill=rng.choice([255, 255, 238]))
            d.text((left + 50, y + 60 + look.size), shown[0], font=bold, fill=0, anchor="ls")
            for i, line in enumerate(shown[1:]):
                d.text((left + 50, y + 60 + look.size + (i + 1) * step + 20), line, font=face, fill=0, anchor="ls")
        return Row(height, draw, "\n".join(shown))

    def ecg_row(self):
        """Twelve leads on a grid, drawn from a crude P-QRS-T shape."""
        look, rng = self.look, self.rng
        height, left, right = 1560, look.left, look.right
        rate, tall = rng.uniform(190, 420), [rng.uniform(0.5, 1.4) * rng.choice([1, 1, 1, -1]) for _ in range(12)]
        names = [["I", "aVR", "V1", "V4"], ["II", "aVL", "V2", "V5"], ["III", "aVF", "V3", "V6"]]
        small = look.face(True, 0.8)
        def beat(t):
            return (0.12 * bump(t, 0.18, 0.03) - 0.12 * bump(t, 0.285, 0.008) + bump(t, 0.30, 0.010) - 0.22 * bump(t, 0.325, 0.010)
                    + 0.25 * bump(t, 0.55, 0.05))
        def draw(image, y):
            d = ImageDraw.Draw(image)
            for x in range(left, right, 24):
                d.line([x, y, x, y + height], fill=215 if (x - left) % 120 else 180, width=1)
            for gy in range(y, y + height, 24):
                d.line([left, gy, right, gy], fill=215 if (gy - y) % 120 else 180, width=1)
            wander = rng.uniform(0, 6)
            for r in range(4):
                base = y + 240 + r * 370
                points = []
                for x in range(left, right, 2):
                    lead = (r * 4 + (x - left) * 4 // (right - left)) % 12 if r < 3 else 4
                    value = beat(((x - left) % rate) / rate) * tall[lead]
                    points.append((x, base - 190 * value + wander * ((x * 7919) % 13 - 6) / 12))
                d.line(points, fill=0, width=3)
                if r < 3:
                    for c in range(4):
                        d.text((left + 20 + c * (right - left) // 4, base - 170), names[r][c], font=small, fill=0, anchor="ls")
                else:
                    d.text((left + 20, base - 170), "II", font=small, fill=0, anchor="ls")
        return Row(height, draw, "")

    # --- chrome ------------------------------------------------------------------------------------------------------
    def letterhead(self, page, y):
        """A facility's letterhead looks the same on all its papers: its look is drawn from its name."""
        lines = self.doc.chrome.letterhead
        if not lines:
            return y
        own = random.Random(zlib.crc32(lines[0].encode()))
        family = FAMILIES[own.choice(["serif", "sans", "century", "palatino", "carlito", "dejavu", "caladea"])]
        big, small = font(family[1], px(own.uniform(14, 21))), font(family[0], px(own.uniform(8, 10)))
        align = own.choice(["center", "center", "left", "right"])
        logo, ruled = own.choice(["", "", "cross", "circle", "bars"]), own.random() < 0.45
        draw = page.draw
        top = y
        x = {"center": WIDTH // 2, "left": self.look.left + (170 if logo else 0), "right": self.look.right}[align]
        anchor = {"center": "ms", "left": "ls", "right": "rs"}[align]
        text = lines[0].upper() if own.random() < 0.3 else lines[0]
        while big.getlength(text) > WIDTH - 700:
            big = font(family[1], int(big.size * 0.9))
        y += big.size
        draw.text((x, y), text, font=big, fill=0, anchor=anchor)
        for line in lines[1:]:
            y += int(small.size * 1.35)
            draw.text((x, y), line, font=small, fill=0, anchor=anchor)
        if logo:
            lx = self.look.left if align != "right" else self.look.left
            if align == "center" and big.getlength(text) > 1400:
                lx = self.look.left - 120
            if logo == "cross":
                draw.rectangle([lx + 50, top, lx + 90, top + 140], fill=0)
                draw.rectangle([lx, top + 50, lx + 140, top + 90], fill=0)
            elif logo == "circle":
                draw.ellipse([lx, top, lx + 140, top + 140], outline=0, width=12)
                draw.text((lx + 70, top + 72), "".join(w[0] for w in text.split()[:2]), font=font(family[1], 64), fill=0, anchor="mm")
            else:
                for i in range(4):
                    draw.polygon([(lx + i * 34, top + 130), (lx + i * 34 + 22, top + 130), (lx + i * 34 + 42, top), (lx + i * 34 + 20, top)], fill=0)
            y = max(y, top + 120)
        y += 30
        if ruled:
            draw.line([self.look.left, y, self.look.right, y], fill=0, width=own.choice([3, 5, 8]))
            y += 20
        return y + 20

    def title(self, page, y):
        text = self.doc.chrome.title
        if not text:
            return y
        look, rng = self.look, self.rng
        face = font(FAMILIES[rng.choice([look.family, "sans", look.family])][1], px(rng.uniform(12, 16)))
        align = rng.choice(["center", "center", "center", "left"])
        y += face.size
        draw = page.draw
        x = WIDTH // 2 if align == "center" else look.left
        draw.text((x, y), text, font=face, fill=0, anchor="ms" if align == "center" else "ls")
        if rng.random() < 0.25:
            half = face.getlength(text)
            x0 = x - half / 2 if align == "center" else x
            draw.line([x0, y + 10, x0 + half, y + 10], fill=0, width=4)
        return y + rng.randint(40, 80)

    def header(self, page, y):
        c, look, rng = self.doc.chrome, self.look, self.rng
        pairs = [f"{label}{c.label_sep} {value}".strip() if label else value for label, value in c.header]
        face, draw = look.face(), page.draw
        if c.header_style in ("lines", "bare"):
            for line in pairs:
                draw.text((look.left, y + look.size), line, font=face, fill=0, anchor="ls")
                y += look.line
        elif c.header_style == "columns":
            half = (look.right - look.left) // 2
            for i, line in enumerate(pairs):
                draw.text((look.left + (i % 2) * half, y + look.size), line, font=look.face(scale=0.92), fill=0, anchor="ls")
                y += look.line if i % 2 or i == len(pairs) - 1 else 0
        elif c.header_style == "inline":
            for line in self.inline_lines(pairs, face):
                draw.text((look.left, y + look.size), line, font=face, fill=0, anchor="ls")
                y += look.line
            if rng.random() < 0.5:
                draw.line([look.left, y + 14, look.right, y + 14], fill=0, width=3)
                y += 20
        elif c.header_style == "table":
            small, half, tall = look.face(scale=0.68), (look.right - look.left) // 2, look.line + 56
            for i, (label, value) in enumerate(c.header):
                x, top = look.left + (i % 2) * half, y + (i // 2) * tall
                draw.rectangle([x, top, x + half, top + tall], outline=0, width=3)
                draw.text((x + 14, top + 36), label, font=small, fill=0, anchor="ls")
                draw.text((x + 18, top + tall - 16), value, font=face, fill=0, anchor="ls")
            y += (len(c.header) + 1) // 2 * tall
        else:
            y = self.sticker(page, y, pairs)
        return y + rng.randint(40, 90)

    def inline_lines(self, pairs, face):
        lines, current = [], ""
        for pair in pairs:
            trial = f"{current}    {pair}" if current else pair
            if current and face.getlength(trial) > self.look.right - self.look.left:
                lines.append(current)
                current = pair
            else:
                current = trial
        return lines + [current] if current else lines

    def sticker(self, page, y, pairs):
        """An adhesive label: its own font, its own tilt, now and then stuck on sideways."""
        rng = self.rng
        family = FAMILIES[rng.choice(["mono", "dejavumono", "sans", "narrow", "nimbus"])]
        face = font(family[0], px(rng.uniform(9.5, 11)))
        step = int(face.size * 1.3)
        width = int(max(face.getlength(p) for p in pairs)) + 60
        height = step * len(pairs) + 50
        label = Image.new("L", (width, height), 255)
        draw = ImageDraw.Draw(label)
        if rng.random() < 0.75:
            draw.rectangle([2, 2, width - 3, height - 3], outline=rng.choice([0, 60, 120]), width=3)
        for i, line in enumerate(pairs):
            draw.text((30, 25 + face.size + i * step), line, font=face, fill=0, anchor="ls")
        sideways = rng.random() < 0.06
        if sideways:
            label = label.transpose(rng.choice([Image.ROTATE_90, Image.ROTATE_270]))
        label = label.rotate(rng.uniform(-1.2, 1.2), resample=Image.BICUBIC, expand=True, fillcolor=255)
        x = rng.choice([WIDTH - label.width - rng.randint(90, 200), WIDTH - label.width - rng.randint(90, 200), self.look.left])
        if sideways:  # along the edge, beside the text
            x, top = WIDTH - label.width - 40, 160
            self.look.right = min(self.look.right, x - 30)
            page.image.paste(label, (x, top))
            return y
        page.image.paste(label, (x, y))
        return y + label.height

    def continuation(self, page, k, y):
        lines = document.continuation_lines(self.doc, k, self.rng)
        for line in lines:
            page.draw.text((self.look.left, y + self.look.size), line, font=self.look.face(), fill=0, anchor="ls")
            y += self.look.line
        return y + (50 if lines else 0)

    def footers(self):
        c, n, rng = self.doc.chrome, len(self.pages), self.rng
        small = self.look.face(scale=rng.choice([0.75, 0.85, 1.0]))
        side = rng.choice(["center", "center", "right", "left"])
        show = bool(c.footer) and (n > 1 or rng.random() < 0.6)
        y = HEIGHT - rng.randint(150, 210)
        for k, page in enumerate(self.pages, 1):
            if show:
                x, anchor = {"center": (WIDTH // 2, "ms"), "right": (self.look.right, "rs"), "left": (self.look.left, "ls")}[side]
                page.draw.text((x, y), c.footer.format(k=k, n=n), font=small, fill=0, anchor=anchor)
            if c.foot_note:
                x, anchor = (self.look.left, "ls") if side != "left" else (self.look.right, "rs")
                page.draw.text((x, y + (44 if side == "center" else 0)), c.foot_note, font=self.look.face(scale=0.65), fill=0, anchor=anchor)

    # --- the whole -----------------------------------------------------------------------------------------------------
    def run(self):
        """[(image, truth text)], one a page."""
        look, rng = self.look, self.rng
        page = Page()
        self.pages = [page]
        y = look.top
        order = rng.random()
        if order < 0.12:  # the patient's block stands above the letterhead
            y = self.title(page, self.letterhead(page, self.header(page, y)))
        else:
            y = self.header(page, self.title(page, self.letterhead(page, y)))
        rows = self.body_rows()
        for i, row in enumerate(rows):
            need = row.height + (rows[i + 1].height if row.keep and i + 1 < len(rows) else 0)
            if y + need > look.bottom and page.lines:
                page = Page()
                self.pages.append(page)
                y = self.continuation(page, len(self.pages), look.top)
            row.draw(page.image, y)
            if row.text:
                page.lines += row.text.split("\n")
            y += row.height
        self.footers()
        for page in self.pages:
            if rng.random() < 0.2:
                ink.margin_note(page.image, rng)
            if rng.random() < 0.1:
                ink.stamp(page.image, rng, people.print_date(self.doc.date, "month_short").upper())
        return [(p.image, "\n".join(p.lines)) for p in self.pages]


def bump(t, center, width):
    return 2.718281828 ** (-((t - center) ** 2) / (2 * width * width))


def separator(value, rng):
    """A separator sheet: the value as Code 128, twice, and a line of print."""
    page = Page()
    face = font(FAMILIES["sans"][1], px(26))
    for top in (700, 2000):
        width = barcode.draw(ImageDraw.Draw(Image.new("L", (1, 1))), value, 0, 0, 9, 1)
        barcode.draw(page.draw, value, (WIDTH - width) // 2, top, 9, 420)
        page.draw.text((WIDTH // 2, top + 540), value, font=face, fill=0, anchor="ms")
    page.draw.text((WIDTH // 2, 1600), "DOCUMENT SEPARATOR SHEET", font=face, fill=0, anchor="ms")
    return page.image


def blank():
    return Image.new("L", (WIDTH, HEIGHT), 255)
