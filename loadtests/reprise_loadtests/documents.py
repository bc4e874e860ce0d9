"""A synthetic audiogram as a document: a PDF of one page, curves and a scanned grain.

A PDF and no image, since OpenMRS may store an image other than as it was sent, and the
bytes' SHA-256 is what the write ledger holds. Standard library only: one is made for
each attachment, while journeys are timed.
"""

from __future__ import annotations

import random

from reprise_loadtests.content import ObservationGroup

_LEFT_PT, _BOTTOM_PT, _WIDTH_PT, _HEIGHT_PT = 80, 300, 440, 400
_LOW_DB, _HIGH_DB = -10, 120
_GRAIN_WIDTH = 400
_SMALLEST_ROWS, _LARGEST_ROWS = 250, 740
"""Rows of the grain, a byte a pixel: the document has 100 to 300 kB, as a scan has."""

_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
    b" /Resources << /Font << /F1 5 0 R >> /XObject << /Im1 6 0 R >> >> >>"
)
_COLOURS = ("0 0 0.8 RG", "0.8 0 0 RG")


def audiogram_pdf(
    groups: tuple[ObservationGroup, ...], *, title: str, rng: random.Random
) -> bytes:
    """Return a PDF that shows thresholds (dB HL) by ear; `title` must be synthetic too."""
    rows = rng.randint(_SMALLEST_ROWS, _LARGEST_ROWS)
    grain = rng.randbytes(rows * _GRAIN_WIDTH)
    page = _page(groups, title).encode("latin-1", errors="replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        _PAGE,
        _stream(b"", page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        _stream(
            b"/Type /XObject /Subtype /Image /BitsPerComponent 8 /ColorSpace /DeviceGray"
            b" /Width %d /Height %d" % (_GRAIN_WIDTH, rows),
            grain,
        ),
    )
    document = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(document))
        document += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    start = len(document)
    document += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    document += b"".join(b"%010d 00000 n \n" % place for place in places)
    document += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    document += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(document)


def _stream(head: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (head, len(content), content)


def _page(groups: tuple[ObservationGroup, ...], title: str) -> str:
    shown = title.replace("\\", "").replace("(", "").replace(")", "")
    lines = [
        f"BT /F1 16 Tf 80 760 Td ({shown}) Tj ET",
        "BT /F1 9 Tf 80 740 Td (Audiogramme d'exercice, patient fictif) Tj ET",
        f"0.7 G {_LEFT_PT} {_BOTTOM_PT} {_WIDTH_PT} {_HEIGHT_PT} re S",
        "q 120 0 0 60 80 60 cm /Im1 Do Q",
    ]
    for colour, group in zip(_COLOURS, groups, strict=False):
        levels = [one.value for one in group.members if isinstance(one.value, int)]
        step_pt = _WIDTH_PT / max(1, len(levels) - 1)
        points = [
            f"{_LEFT_PT + step_pt * number:.1f} {_height_pt(level):.1f}"
            for number, level in enumerate(levels)
        ]
        lines += [
            colour,
            f"{points[0]} m",
            *(f"{point} l" for point in points[1:]),
            "S",
        ]
    return "\n".join(lines)


def _height_pt(level_db: float) -> float:
    share = (_HIGH_DB - level_db) / (_HIGH_DB - _LOW_DB)
    return _BOTTOM_PT + _HEIGHT_PT * share
