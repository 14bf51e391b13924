# SPDX-License-Identifier: GPL-3.0-or-later
"""Scanned batches with truth: multi-page TIFF, image-only PDF, folders of JPEG or PNG, truth.json, pmi.csv."""
import datetime
import json
import pathlib
import random

from PIL import Image

from . import catalog, defects, document, files, people, render

FORMATS = ["tif", "pdf", "jpg", "fax", "png", "tif", "pdf", "jpg"]
SLIPS = ["none"] * 9 + ["nickname", "nickname", "nickname", "mrn_missing", "dob_missing", "dob_swapped", "not_in_pmi", "not_in_pmi"]
SENT = datetime.date(2012, 8, 14)  # the day the faxed batches were sent
EXIF_ORIENTATION = 0x0112


class Family:
    """What a hospital's charts have in common: facilities and doctors that come again and again."""

    def __init__(self, rng):
        self.facilities = sorted({document.facility_name(rng) for _ in range(6)})
        self.doctors = [document.doctor_name(rng) for _ in range(9)]
        self.deck = sorted(catalog.LOINC)  # every type is dealt once before any comes again from here
        rng.shuffle(self.deck)
        self.dealt = 0

    def kind(self, rng):
        """A document type: every second one as often as charts hold it, the others in turn."""
        if rng.random() < 0.6:
            kinds = sorted(catalog.WEIGHTS)
            return rng.choices(kinds, [catalog.WEIGHTS[k] for k in kinds])[0]
        self.dealt += 1
        return self.deck[(self.dealt - 1) % len(self.deck)]


def look_alikes(index):
    """Where in the index a person stands beside a twin, a name twin or a namesake of another generation."""
    return [i for i, (a, b) in enumerate(zip(index, index[1:])) if a.last_name == b.last_name and (a.first_name == b.first_name or a.birth_date == b.birth_date)]


def batch_documents(rng, index, family, alike):
    """The documents of one batch: a few patients, one after another, a few documents each; twins where the index has them."""
    docs = []
    for _ in range(2):
        at = rng.choice(alike) if alike and rng.random() < 0.2 else rng.randrange(len(index) - 1)
        person = index[at]
        other = index[at + 1]  # a twin or name twin follows its fellow in the index
        slip_free = rng.random() < 0.25
        for _ in range(rng.randint(1, 3)):
            slip = "none" if slip_free else rng.choice(SLIPS)
            who = person
            if at in alike and rng.random() < 0.4:
                who = other
            if slip == "nickname" and who.first_name not in people.NICKNAMES:
                slip = rng.choice(["none", "dob_missing", "mrn_missing", "dob_swapped"])
            in_index = slip != "not_in_pmi"
            if not in_index:
                who = people.invent(rng, str(rng.randint(100000, 999999)))
                while any(p.last_name == who.last_name and p.birth_date == who.birth_date for p in index):
                    who = people.invent(rng, who.mrn)
            docs.append(document.make_document(rng, family.kind(rng), who, in_index, slip, rng.choice(family.facilities), rng.choice(family.doctors),
                                               datetime.date(1996, 1, 1) + datetime.timedelta(days=rng.randint(0, 5900))))
    return docs


def plan_pages(rng, docs, separators):
    """[(kind, image, truth)] in scan order: content, blank backs, separator sheets."""
    pages, documents = [], []
    duplex = rng.random() < 0.35  # the feeder scans both sides: some backs are empty
    for number, doc in enumerate(docs):
        if separators and number:
            pages.append({"image": render.separator("PATCHT", rng), "type": "separator", "document": None, "first": False, "text": ""})
        laid = render.Layout(doc, rng).run()
        at = []
        for k, (image, text) in enumerate(laid):
            at.append(len(pages))
            pages.append({"image": image, "type": doc.kind, "document": number, "first": k == 0, "text": text})
            if duplex and k == len(laid) - 1 and rng.random() < 0.45:
                pages.append({"image": render.blank(), "type": "blank", "document": None, "first": False, "text": "", "behind": image})
        documents.append({"type": doc.kind, "loinc": catalog.LOINC[doc.kind], "patient_mrn": doc.person.mrn if doc.in_index else None,
                          "slip": doc.slip, "printed": doc.printed, "titled": bool(doc.chrome.title), "pages": at})
    return pages, documents


def scan_page(rng, page, number, style, stack_skew):
    """Applies the defects; returns the scanned image, its dpi and the truth of its geometry."""
    blank = page["type"] == "blank"
    bilevel = style["bilevel"]
    skew = 0.0 if blank else round(max(-3.0, min(3.0, rng.gauss(stack_skew, 0.7))), 3)
    turned = 0 if blank or rng.random() > style["turn_rate"] else rng.choice([90, 180, 180, 270])
    behind = page.get("behind") if rng.random() < 0.5 else None
    image = defects.paper(page["image"].copy(), rng, None if bilevel else behind, rng.random() < style["stain_rate"] and not blank,
                          style["holes"] and rng.random() < 0.85, bilevel)
    image = defects.turn(defects.lean(image, skew), turned)
    if style.get("fax") and not blank:
        defects.fax_header(image, f"{style['fax']}    P.{number:02d}")
    dpi_x, dpi_y = style["dpi"]
    shadow, streak = rng.random() < style["shadow_rate"], rng.random() < style["streak_rate"]
    if bilevel:
        image = defects.bilevel_scan(image, rng, dpi_x, dpi_y, style["speckle"] * rng.choice([0, 1, 1, 3]), shadow, streak)
    else:
        image = defects.grey_scan(image, rng, dpi_x, shadow, streak)
    truth = {"type": page["type"], "document": page["document"], "first": page["first"], "skew_ccw": skew, "rotated_cw": turned,
             "blank": blank, "text": page["text"]}
    return image, truth


def batch_style(rng, kind):
    style = {"bilevel": kind in ("tif", "fax"), "turn_rate": 0.05, "stain_rate": 0.12, "holes": rng.random() < 0.4, "shadow_rate": 0.3,
             "streak_rate": 0.06, "speckle": 0.0, "quality": rng.randint(42, 68), "dpi": (300, 300)}
    if kind == "tif":
        style["dpi"] = rng.choice([(300, 300), (300, 300), (200, 200)])
        style["speckle"] = rng.choice([0.0, 0.00004, 0.00012])
    elif kind == "fax":
        style.update(dpi=rng.choice([(204, 196), (204, 196), (200, 100)]), speckle=0.0003, fax=defects.fax_line(rng, people.print_date(SENT, "us2")), streak_rate=0.25, turn_rate=0.0, holes=False)
    else:
        style["dpi"] = rng.choice([(150, 150), (200, 200), (200, 200)])
    return style


def write_batch(rng, out, number, kind, pages, style):
    """Writes the scanned pages; returns the truth's file name and page list."""
    stack_skew = rng.gauss(0, 0.5)  # a stack leans as one, its sheets a little on their own
    scanned = [scan_page(rng, page, i, style, stack_skew) for i, page in enumerate(pages, 1)]
    name = f"batch{number:03d}"
    dpi_x, dpi_y = style["dpi"]
    if kind in ("tif", "fax"):
        writer = files.TiffWriter(out / f"{name}.tif")
        for image, _ in scanned:
            writer.add(image, dpi_x, dpi_y)
        writer.close()
        return f"{name}.tif", [t for _, t in scanned]
    if kind == "pdf":
        files.write_pdf(out / f"{name}.pdf", [(files.jpeg_bytes(image, style["quality"], dpi_x), image.width, image.height, dpi_x) for image, _ in scanned])
        return f"{name}.pdf", [t for _, t in scanned]
    folder = out / name
    folder.mkdir()
    for i, (image, _) in enumerate(scanned, 1):
        if kind == "png":  # unpadded numbers: page2 comes before page10
            levels = image.point(lambda v: v & 0xF0 | v >> 4)  # sixteen greys, as many scanners save them
            levels.save(folder / f"page{i}.png", dpi=(dpi_x, dpi_y), optimize=True)
            continue
        exif = None
        if rng.random() < 0.1:  # stored on its side, the tag says so: viewers and decoders turn it back
            exif, image = Image.Exif(), image.transpose(Image.ROTATE_90)
            exif[EXIF_ORIENTATION] = 6
        (folder / f"scan_{i:03d}.jpg").write_bytes(files.jpeg_bytes(image, style["quality"], dpi_x, exif))
    return f"{name}/", [t for _, t in scanned]


def write(out, seed, batches, pmi_size, separators, progress):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    if any(out.glob("batch*")):
        raise SystemExit(f"make_scans: {out} already holds batches; give an empty folder")
    index = people.make_index(random.Random(f"scans {seed} index"), pmi_size)
    people.write_index(out / "pmi.csv", index)
    family = Family(random.Random(f"scans {seed} family"))
    alike = look_alikes(index)
    truth = {"family": f"synthetic-{seed}", "pmi": "pmi.csv", "files": []}
    for number in range(batches):
        rng = random.Random(f"scans {seed} batch {number}")
        kind = FORMATS[number % len(FORMATS)]
        docs = batch_documents(rng, index, family, alike)
        pages, documents = plan_pages(rng, docs, separators == "some" and rng.random() < 0.3)
        style = batch_style(rng, kind)
        name, page_truth = write_batch(rng, out, number, kind, pages, style)
        truth["files"].append({"file": name, "dpi": style["dpi"][0], "pages": page_truth, "documents": documents})
        progress(number + 1, batches)
    (out / "truth.json").write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    total = sum(len(f["pages"]) for f in truth["files"])
    print(f"{batches} batches, {total} pages, {sum(len(f['documents']) for f in truth['files'])} documents, {pmi_size} people in {out}")
