# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes multi-page TIFF (CCITT G4) and image-only PDF page by page, without dates, so that equal pages give equal bytes."""
import io
import struct

from PIL import Image

SHORT, LONG, RATIONAL = 3, 4, 5


def g4_strip(image):
    """One page's G4 data as a single strip, as libtiff encodes it; min-is-white."""
    buffer = io.BytesIO()
    image.convert("1").save(buffer, "TIFF", compression="group4", strip_size=1 << 30)
    data = buffer.getvalue()
    page = Image.open(io.BytesIO(data))
    offsets, counts = page.tag_v2[273], page.tag_v2[279]
    if len(offsets) != 1:
        raise RuntimeError("libtiff cut the page into strips")
    return data[offsets[0] : offsets[0] + counts[0]], page.tag_v2[262], page.tag_v2.get(266, 1)


class TiffWriter:
    """Streams bilevel pages into one classic little-endian TIFF."""

    def __init__(self, path):
        self.out = open(path, "wb")
        self.out.write(struct.pack("<2sHI", b"II", 42, 0))
        self.link = 4  # where the offset of the next directory goes

    def add(self, image, dpi_x, dpi_y):
        self.add_strip(*g4_strip(image), image.size, dpi_x, dpi_y)

    def add_strip(self, strip, photometric, fill_order, size, dpi_x, dpi_y):
        out = self.out
        strip_at = out.tell()
        out.write(strip + b"\0" * (len(strip) % 2))
        rationals_at = out.tell()
        out.write(struct.pack("<4I", dpi_x, 1, dpi_y, 1))
        directory_at = out.tell()
        tags = [(254, LONG, 2), (256, LONG, size[0]), (257, LONG, size[1]), (258, SHORT, 1), (259, SHORT, 4),
                (262, SHORT, photometric), (266, SHORT, fill_order), (273, LONG, strip_at), (277, SHORT, 1), (278, LONG, size[1]),
                (279, LONG, len(strip)), (282, RATIONAL, rationals_at), (283, RATIONAL, rationals_at + 8), (296, SHORT, 2)]
        out.write(struct.pack("<H", len(tags)))
        for tag, kind, value in tags:
            out.write(struct.pack("<HHI", tag, kind, 1) + (struct.pack("<HH", value, 0) if kind == SHORT else struct.pack("<I", value)))
        end = out.tell()
        out.write(struct.pack("<I", 0))
        out.seek(self.link)
        out.write(struct.pack("<I", directory_at))
        out.seek(0, io.SEEK_END)
        self.link = end

    def close(self):
        self.out.close()


def jpeg_bytes(image, quality, dpi, exif=None):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, dpi=(dpi, dpi), **({"exif": exif} if exif else {}))
    return buffer.getvalue()


def write_pdf(path, pages):
    """pages: [(JPEG bytes, width_px, height_px, dpi)], grey, one full-page image each."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", None]
    kids = []
    for jpeg, width, height, dpi in pages:
        w, h = width * 72 / dpi, height * 72 / dpi
        image, content, page = len(objects) + 1, len(objects) + 2, len(objects) + 3
        objects.append(f"<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray /BitsPerComponent 8 "
                       f"/Filter /DCTDecode /Length {len(jpeg)} >>\nstream\n".encode() + jpeg + b"\nendstream")
        draw = f"q {w:.2f} 0 0 {h:.2f} 0 0 cm /Im0 Do Q".encode()
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(draw), draw))
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {w:.2f} {h:.2f}] /Resources << /XObject << /Im0 {image} 0 R >> >> "
                       f"/Contents {content} 0 R >>".encode())
        kids.append(f"{page} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    with open(path, "wb") as out:
        out.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for number, body in enumerate(objects, 1):
            offsets.append(out.tell())
            out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        start = out.tell()
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
        for offset in offsets:
            out.write(b"%010d 00000 n \n" % offset)
        out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
