"""Telephone numbers in free text: found by their shape and struck out. Pure.

For what is kept after it was read: whose number it was is nobody's business then. Shapes: international (+ or 00, at
least nine digits), Czech and Polish in three threes, German with the 0 of the area code (E.123 and the habits of the
three countries, general knowledge, confirm). Dates, times and levels have other shapes; a number of nine bare digits
that is none is struck out too.
"""

import re

STRUCK = "…"
_PHONE = re.compile(
    r"(?<![\w.,])(?:"
    r"(?:\+|00)[1-9](?:[ ()/-]{0,2}\d){8,14}"
    r"|[1-9]\d{2}([ -]?)\d{3}\1\d{3}"
    r"|\(?0[1-9]\d{1,4}\)?[ /-]{1,3}\d(?:[ -]?\d){4,8}"
    r"|01[5-7]\d{8,9}"
    r")(?![\w]|[.,]\d)",
    re.ASCII,
)


def without_phones(text: str) -> str:
    """`text` with every telephone number in it struck out."""
    return _PHONE.sub(STRUCK, text)
