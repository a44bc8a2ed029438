"""How many SMS a text costs, and how to write it so that it costs few.

The alphabet is the GSM 7-bit default alphabet with its extension table (3GPP TS 23.038, 6.2.1 and
6.2.1.1). A text of it holds 160 characters alone and 153 per part when it is split, because each part
then begins with a 7-character header (TS 23.040, 9.2.3.24.1); any other text goes as UCS-2 with 70 and
67. A character of the extension table costs two and is never cut in half.

One `í` makes a whole message UCS-2, so what we send is folded first: Czech and Polish lose their
diacritics, German keeps its umlauts, which GSM-7 has.
"""

import unicodedata

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")

GSM_SINGLE = 160
GSM_PART = 153
UCS2_SINGLE = 70
UCS2_PART = 67

_UMLAUTS = frozenset("äöüÄÖÜß")
# Letters that Unicode does not take apart into letter and mark, and the typography of our own texts.
_WRITTEN = str.maketrans(
    {
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ø": "o",
        "Ø": "O",
        "ß": "ss",
        "ẞ": "SS",
        "æ": "ae",
        "Æ": "AE",
        "–": "-",
        "—": "-",
        "−": "-",
        "‑": "-",
        "„": '"',
        "“": '"',
        "”": '"',
        "«": '"',
        "»": '"',
        "’": "'",
        "‘": "'",
        "`": "'",
        "´": "'",
        "…": "...",
        "²": "2",
        "³": "3",
        "°": "",
        "×": "x",
        "→": "->",
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\t": " ",
    }
)


def is_gsm(text: str) -> bool:
    """Whether every character of `text` is in the GSM 7-bit alphabet or its extension."""
    return all(character in _BASIC or character in _EXTENSION for character in text)


def count(text: str) -> int:
    """Number of SMS that `text` costs; 0 for an empty text."""
    if not text:
        return 0
    if is_gsm(text):
        return _parts([2 if character in _EXTENSION else 1 for character in text], GSM_SINGLE, GSM_PART)
    return _parts([len(character.encode("utf-16-be")) // 2 for character in text], UCS2_SINGLE, UCS2_PART)


def _parts(costs: list[int], single: int, part: int) -> int:
    if sum(costs) <= single:
        return 1
    parts, room = 1, part
    for cost in costs:
        if cost > room:
            parts, room = parts + 1, part
        room -= cost
    return parts


def fold(text: str, *, umlauts: bool) -> str:
    """Write `text` in the GSM 7-bit alphabet: ASCII, with the German letters kept if `umlauts`.

    What has no counterpart becomes `?`, so the result is always GSM-7.
    """
    return "".join(_fold(character, umlauts=umlauts) for character in text)


def _fold(character: str, *, umlauts: bool) -> str:
    if umlauts and character in _UMLAUTS:
        return character
    written = character.translate(_WRITTEN)
    plain = "".join(c for c in unicodedata.normalize("NFKD", written) if not unicodedata.combining(c))
    return "".join(c if c.isascii() and (c in _BASIC or c in _EXTENSION) else "?" for c in plain)
