"""Tables of web pages that were made for people: HPPS and the river boards. Pure.

A page has no contract, so little is taken for granted: a table is known by its id or by its heads, a column
by words of its head, and what is not understood is a fault and no value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from lxml import etree

from collectors.faults import DecodeError, EmptyAnswerError
from collectors.numerals import decimal
from collectors.source import Decoded
from collectors.walltime import dotted, in_turn
from floodcore.units import to_canonical
from floodcore.words import Quantity, Reading

_DEEPEST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of values: all of `words` stand in its head; `unit` is that of our table of units."""

    words: tuple[str, ...]
    quantity: Quantity
    unit: str


@dataclass(frozen=True, slots=True)
class Form:
    """How a page writes: the id of its table (empty: the first with these heads), columns, decimal mark, zone."""

    columns: tuple[Column, ...]
    mark: str
    zone: tzinfo
    table_id: str = ""
    date_word: str = "datum"


def page(body: bytes) -> etree._Element:
    """The root of an HTML page, whatever its encoding: all we look for is ASCII.

    Raises:
        EmptyAnswerError: there is nothing in it.
        DecodeError: it is no page.
    """
    if not body.strip():
        message = "the page is empty"
        raise EmptyAnswerError(message)
    text = body.decode("utf-8", "replace")
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False, recover=True
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        message = f"not a page: {error}"
        raise DecodeError(message[:300]) from None
    if root is None:
        message = "not a page"
        raise DecodeError(message)
    return root


def readings(body: bytes, form: Form, station_id: str) -> Decoded:
    """The rows of the table as readings of `station_id`, oldest first.

    Raises:
        DecodeError: no such table.
    """
    date_at, found, rows = _table(page(body), form)
    said: list[Reading] = []
    faults: list[str] = []
    walls: list[datetime] = []
    kept: list[list[str]] = []
    for row in rows:
        try:
            walls.append(dotted(row[date_at]))
            kept.append(row)
        except DecodeError as error:
            faults.append(str(error))
    if walls and walls[0] > walls[-1]:  # the newest row first, as most pages have it
        walls.reverse()
        kept.reverse()
    for wall, moment, row in zip(walls, in_turn(walls, form.zone), kept, strict=True):
        if moment is None:
            faults.append(f"time stamp {wall.isoformat()} falls into the hour that the clocks leave out")
        else:
            _read_row(row, found, form, station_id, moment, said, faults)
    return Decoded(tuple(said), tuple(faults))


def _read_row(  # a row, and where its values go
    row: Sequence[str],
    found: Mapping[int, Column],
    form: Form,
    station_id: str,
    at: datetime,
    said: list[Reading],
    faults: list[str],
) -> None:
    for index, column in found.items():
        try:
            value = decimal(row[index], form.mark)
        except DecodeError as error:
            faults.append(f"{column.quantity}: {error}")
            continue
        if value is not None:
            canonical = to_canonical(column.quantity, value, column.unit)
            said.append(Reading(station_id, column.quantity, at, canonical, value, column.unit))


def _table(root: etree._Element, form: Form) -> tuple[int, dict[int, Column], list[list[str]]]:
    """Where the date stands, where each column stands, and the rows below the heads that are wide enough."""
    for table in root.iter("table"):
        if form.table_id and table.get("id") != form.table_id:
            continue
        rows = [_cells(row) for row, _ in zip(table.iter("tr"), range(_DEEPEST_ROWS), strict=False)]
        for number, heads in enumerate(rows):
            date_at = _where(heads, (form.date_word,))
            found = {index: column for column in form.columns if (index := _where(heads, column.words)) is not None}
            if date_at is not None and _needed(form) <= {column.quantity for column in found.values()}:
                width = max(date_at, *found) + 1
                return date_at, found, [row for row in rows[number + 1 :] if len(row) >= width]
    message = "the page has no table of measurements"
    raise DecodeError(message)


def _needed(form: Form) -> set[Quantity]:
    """A page that no longer has levels has changed; other columns may come and go."""
    return {column.quantity for column in form.columns if column.quantity is Quantity.LEVEL}


def _where(heads: Sequence[str], words: Sequence[str]) -> int | None:
    """The first head in which all `words` stand."""
    return next((index for index, head in enumerate(heads) if all(word in head.lower() for word in words)), None)


def _cells(row: etree._Element) -> list[str]:
    return [
        " ".join(str(etree.tostring(cell, method="text", encoding="unicode", with_tail=False)).split())
        for cell in _of(row)
    ]


def _of(row: etree._Element) -> list[etree._Element]:
    return [cell for cell in row if cell.tag in {"td", "th"}]
