"""Telephone numbers in free text: found by their shape and struck out. Pure.

For what is kept after it was read: whose number it was is nobody's business then. Shapes: international (+, 00 or the
bare code of the three countries, at least nine digits), Czech and Polish in three threes, Czech in a three and pairs,
Polish of the land as 12 345 67 89, German with the 0 of the area code (E.123 and the habits of the three countries,
general knowledge, confirm), letters right before it or not. Dates, times and levels have other shapes; a number of
nine bare digits that is none is struck out too.
"""

import re

STRUCK = "…"
# Ten and twelve digits that begin with a day below 10 may be a time: DDMMYYhhmm, DDMMYYYYhhmm, DDMMYYhhmmss.
_TIME = r"0[1-9](?:0[1-9]|1[0-2])(?:20)?[2-9]\d(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?(?!\d)"
_PHONE = re.compile(
    r"(?<![\d_])(?<!\d[.,])(?:"
    r"(?:\+|00)[1-9](?:[ ()/-]{0,2}\d){8,14}"
    r"|(?:\+|00)[1-9]\d{0,2}(?:\.\d{3}){3}"
    r"|42[01]\d{9}|48\d{9}|49[1-9]\d{8,10}"
    r"|[1-9]\d{2}([ .-]?)\d{3}\1\d{3}"
    r"|[2-9]\d{2}([ -])\d{2}\2\d{2}\2\d{2}"
    r"|[1-9]\d([ -])\d{3}\3\d{2}\3\d{2}"
    r"|\(?0[1-9]\d{1,4}\)?[ /-]{1,3}\d(?:[ -]?\d){4,8}"
    rf"|(?!{_TIME})0[1-9]\d{{8,10}}"
    r")(?![\w]|[.,]\d)",
    re.ASCII,
)


def without_phones(text: str) -> str:
    """`text` with every telephone number in it struck out."""
    return _PHONE.sub(STRUCK, text)
