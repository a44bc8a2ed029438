"""Words from outside made harmless for a page: one line, no invisible signs, no turning of direction, cut. Pure.

Markup is not touched here; the template engine escapes it. What is left may still be in a script that runs
from right to left, so the pages put it into <bdi>.
"""

import unicodedata

_ELLIPSIS = "…"
# Combining signs upon one letter; more of them climb over the lines above (no language of ours has two).
_MOST_MARKS = 2
_FIRST_MARK = "\N{COMBINING GRAVE ACCENT}"  # below it no sign is a mark; most texts are, and need no second look


def plain(text: str, most: int) -> str:
    """`text` as one line of at most `most` signs, without controls, format signs and towers of accents."""
    more, text = len(text) > most * 4, text[: most * 4]
    if not text or (text.isprintable() and max(text) < _FIRST_MARK):
        return _cut(text, most, more=more)
    kept: list[str] = []
    marks = 0
    for sign in text:
        kind = unicodedata.category(sign)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        if kind.startswith("Z") or sign in "\t\n\r\v\f":
            kept.append(" ")
        elif not kind.startswith("C") and marks <= _MOST_MARKS:
            kept.append(sign)
    return _cut("".join(kept), most, more=more)


def _cut(text: str, most: int, *, more: bool) -> str:
    line = " ".join(text.split())
    line += _ELLIPSIS if more and line else ""
    return line if len(line) <= most else line[: most - 1].rstrip() + _ELLIPSIS
