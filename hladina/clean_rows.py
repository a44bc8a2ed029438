"""The rows of a clean block of a readings file, all at once. Pure.

Clean is: plain ASCII without quotes, as many commas in each line, times such as 2025-05-01T10:30:00Z (or +00:00, or
without a zone), values of digits with at most one point, one unit a station. Of anything else this says nothing, and
the reader that looks at each row by itself (`hladina.records`) takes the block; what both understand they understand
alike, to the bit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_NEWLINE, _COMMA, _QUOTE, _ZERO, _POINT, _MINUS = b'\n,"0.-'
_FIRST_PRINTABLE = 32
_NINE = 9
# Fifteen digits and a power of ten that a double holds exactly: their quotient is the double next to the text.
_MOST_DIGITS = 15
_WIDEST_VALUE = 17
_WIDEST_NAME = 64
_MICROSECONDS = 1_000_000
_STAMP = 19  # 2025-05-01T10:30:00
_ZONES = {_STAMP: b"", _STAMP + 1: b"Z", _STAMP + 6: b"+00:00"}
_DIGITS = np.array((0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18))
_POWERS = np.array([10**power for power in range(_MOST_DIGITS + 1)], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one name and unit, as they are written, in their order.

    `at` (rows,) in microseconds since 1970; `value` (rows,), NaN where the cell is empty.
    """

    name: str
    unit: str
    at: Ints
    value: Floats


@dataclass(frozen=True, slots=True)
class _Cells:
    """Where the cells of one column begin and end, (rows,) each."""

    begin: NDArray[np.intp]
    end: NDArray[np.intp]

    @property
    def width(self) -> NDArray[np.intp]:
        return self.end - self.begin


def rows(block: bytes, columns: Sequence[int], longest: int) -> list[Rows] | None:
    """The rows of `block`, which ends with a line end; None if it is not clean.

    `columns` are the places of name, time, value and unit; no line may be longer than `longest` characters.
    """
    if not block.isascii():
        return None
    text = np.frombuffer(block, dtype=np.uint8)
    cells = _cells(text, max(columns), longest)
    if cells is None:
        return None
    name, stamp, value, unit = (cells[column] for column in columns)
    at, number = _times(text, stamp), _numbers(text, value)
    if at is None or number is None or max(name.width.max(), unit.width.max()) > _WIDEST_NAME:
        return None
    found = list(_grouped(_words(text, name), _words(text, unit), at, number))
    # The rows of a station are taken in their order, so they must not come apart by their units.
    return found if len({each.name for each in found}) == len(found) else None


def _cells(text: Bytes, last: int, longest: int) -> list[_Cells] | None:
    """The columns; None if lines differ in their number of cells, have too few, or hold what is not plain."""
    ends = np.flatnonzero(text == _NEWLINE)
    if np.count_nonzero(text < _FIRST_PRINTABLE) != ends.size or (text == _QUOTE).any():
        return None
    commas = np.flatnonzero(text == _COMMA)
    if not ends.size or commas.size % ends.size or commas.size // ends.size < last:
        return None
    begins = np.concatenate([[0], ends[:-1] + 1])
    between = commas.reshape(ends.size, -1)
    if (between[:, 0] < begins).any() or (between[:, -1] > ends).any() or (ends - begins).max() >= longest - 1:
        return None
    edges = np.concatenate([begins[:, None] - 1, between, ends[:, None]], axis=1)
    return [_Cells(edges[:, place] + 1, edges[:, place + 1]) for place in range(edges.shape[1] - 1)]


def _times(text: Bytes, cells: _Cells) -> Ints | None:
    """Microseconds since 1970; None if one of the times is of another form, or of no calendar."""
    width = int(cells.width[0])
    if width not in _ZONES or (cells.width != width).any():
        return None
    letters = text[cells.begin[:, None] + np.arange(width)]
    zone = np.frombuffer(_ZONES[width], dtype=np.uint8)
    marks = letters[:, (4, 7, 10, 13, 16)] != np.frombuffer(b"--T::", dtype=np.uint8)
    digits = letters[:, _DIGITS] - _ZERO  # below the zero they wrap to far above nine
    if marks.any() or (digits > _NINE).any() or (letters[:, _STAMP:] != zone).any():
        return None
    y1, y2, y3, y4, *rest = digits.astype(np.int64).T
    year = 1000 * y1 + 100 * y2 + 10 * y3 + y4
    month, day, hour, minute, second = (10 * tens + ones for tens, ones in zip(rest[::2], rest[1::2], strict=True))
    months = (12 * (year - 1970) + month - 1).astype("datetime64[M]")
    first, following = (each.astype("datetime64[D]").astype(np.int64) for each in (months, months + 1))
    dated = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= following - first)  # noqa: PLR2004
    if not (dated & (hour < 24) & (minute < 60) & (second < 60)).all():  # noqa: PLR2004  # a day, an hour, a minute
        return None
    found: Ints = ((((first + day - 1) * 24 + hour) * 60 + minute) * 60 + second) * _MICROSECONDS
    return found


def _numbers(text: Bytes, cells: _Cells) -> Floats | None:
    """The values, NaN for an empty cell; None if one is no plain decimal number."""
    width = cells.width
    widest = int(width.max())
    if widest > _WIDEST_VALUE:
        return None
    whole, digits, decimals = (np.zeros(width.size, dtype=np.int64) for _ in range(3))
    pointed = np.zeros(width.size, dtype=np.bool_)
    minus = (width > 0) & (text[cells.begin] == _MINUS)
    for place in range(widest):
        here = width > place
        letter = text[np.where(here, cells.begin + place, 0)]
        digit = here & (letter - _ZERO <= _NINE)
        point = here & (letter == _POINT)
        if (here & ~digit & ~point & ~(minus & (place == 0))).any() or (point & pointed).any():
            return None
        whole = np.where(digit, 10 * whole + letter - _ZERO, whole)
        digits += digit
        decimals += digit & pointed
        pointed |= point
    if ((width > 0) & (digits == 0)).any() or (digits > _MOST_DIGITS).any():
        return None
    found: Floats = np.where(minus, -1.0, 1.0) * whole / _POWERS[decimals]
    found[width == 0] = np.nan
    return found


def _words(text: Bytes, cells: _Cells) -> Iterator[tuple[int, str]]:
    """Where a column changes, and the word from there on."""
    width = cells.width
    places = np.arange(int(width.max()))
    inside = places < width[:, None]
    letters = np.where(inside, text[np.where(inside, cells.begin[:, None] + places, 0)], 0)
    changed = np.concatenate([[True], (letters[1:] != letters[:-1]).any(axis=1)])
    for row in np.flatnonzero(changed).tolist():
        yield row, letters[row, : width[row]].tobytes().decode("ascii")


def _grouped(
    names: Iterator[tuple[int, str]], units: Iterator[tuple[int, str]], at: Ints, number: Floats
) -> Iterator[Rows]:
    """The rows by name and unit, in the order in which these come first."""
    known: dict[tuple[str, str], int] = {}
    code = np.empty(at.size, dtype=np.int64)
    name_at, unit_at = dict(names), dict(units)
    begins = sorted({*name_at, *unit_at})
    name, unit = "", ""
    for begin, end in zip(begins, [*begins[1:], at.size], strict=True):
        name, unit = name_at.get(begin, name), unit_at.get(begin, unit)
        code[begin:end] = known.setdefault((name, unit), len(known))
    order = np.argsort(code, kind="stable")
    parts = np.split(order, np.searchsorted(code[order], np.arange(1, len(known))))
    for (name, unit), some in zip(known, parts, strict=True):
        yield Rows(name, unit, at[some], number[some])
