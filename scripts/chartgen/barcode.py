# SPDX-License-Identifier: GPL-3.0-or-later
"""Code 128, code set B (ISO/IEC 15417): the bar and space widths of a text."""

# bar, space, bar, space, bar, space in modules, for the values 0 to 105, and the stop
PATTERNS = """212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222
123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 232121 111323
131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113
213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214
112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112
421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214
211232 2331112""".split()
START_B, STOP = 104, 106
QUIET_MODULES = 10


def widths(text):
    """Alternating bar and space widths in modules, bar first."""
    values = [START_B] + [ord(c) - 32 for c in text]
    if any(not 0 <= v < 95 for v in values[1:]):
        raise ValueError("code set B holds printable ASCII only")
    check = (START_B + sum(i * v for i, v in enumerate(values[1:], 1))) % 103
    return [int(w) for v in values + [check, STOP] for w in PATTERNS[v]]


def draw(canvas, text, x, y, module_px, height_px):
    """Draws the bars on a PIL ImageDraw; returns the width in pixels, quiet zones not included."""
    left = x
    for i, modules in enumerate(widths(text)):
        if i % 2 == 0:
            canvas.rectangle([left, y, left + modules * module_px - 1, y + height_px], fill=0)
        left += modules * module_px
    return left - x
