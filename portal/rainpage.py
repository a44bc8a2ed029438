"""What the page of a station says of rain sums against their limits, and of rules left to people."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from floodcore.network.rain import RainDegrees, RainLimit
from floodcore.store import rain
from floodcore.store.rain import SumRow
from floodcore.words import Degree, Freshness, Quantity
from portal.board import OUTAGES
from portal.desk import Desk
from portal.localtime import number
from portal.marks import Mark
from portal.reading import Reader

_READ_LIMIT_S = 2.0
_HOUR_MIN = 60
_HEARD = {Freshness.FRESH, Freshness.LATE}


@dataclass(frozen=True, slots=True)
class Cell:
    """One limit: of any ground and of saturated ground, which of them holds, and whether it is reached."""

    text: str
    reached: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One window: how long, what fell, its limits by degree."""

    window: str
    sum: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Rain:
    """The section as the template takes it. `warning` says that the gauge is not heard, or its sums have gaps."""

    heads: list[str]
    rows: list[Row]
    until: str
    warning: str
    ground: str
    note: str
    sources: list[str]


async def sums(desk: Desk, mark: Mark) -> list[SumRow] | None:
    """The sums as last judged; none of a station without limits of rain, None while the database is away."""
    if mark.station.rain_degrees is None:
        return []
    if desk.board.stale:
        return None
    try:
        async with asyncio.timeout(_READ_LIMIT_S), desk.house.pool.connection(_READ_LIMIT_S) as conn:
            return await rain.of_station(conn, mark.station.id)
    except OUTAGES:
        return None


def section(reader: Reader, mark: Mark, known_sums: list[SumRow] | None) -> Rain | None:
    """Rain sums against their limits; None for a station without. `known_sums` None: nobody can say now."""
    degrees = mark.station.rain_degrees
    if degrees is None:
        return None
    found = known_sums or []
    by_window = {timedelta(minutes=row.window_min): row for row in found}
    ground = found[0].saturated if found else None
    known = sorted({degree for limit in degrees.sums for degree in limit.values})
    return Rain(
        heads=[reader.say(f"page.scheme.{degrees.scheme}.short", degree=int(degree)) for degree in known],
        rows=[_row(reader, limit, by_window.get(limit.window), known, wet=ground is True) for limit in degrees.sums],
        until=reader.say("page.rain.until", at=reader.moment(found[0].at)) if found else "",
        warning=_warning(reader, mark, known_sums),
        ground=_ground(reader, degrees, found),
        note=" ".join(
            (
                *([reader.say("page.rain.both")] if any(limit.saturated for limit in degrees.sums) else []),
                reader.say(f"page.rain.note.{degrees.scheme}"),
            )
        ),
        sources=list(dict.fromkeys(limit.source for limit in degrees.sums)),
    )


def window(minutes: int) -> str:
    """`10 min`, `24 h`."""
    return f"{minutes}\N{NO-BREAK SPACE}min" if minutes < _HOUR_MIN else f"{minutes // _HOUR_MIN}\N{NO-BREAK SPACE}h"


def _row(reader: Reader, limit: RainLimit, row: SumRow | None, known: list[Degree], *, wet: bool) -> Row:
    mm = "–"
    if row is not None:
        mm = _mm(reader, row.heard_mm)
        mm = mm if row.most_mm is not None else reader.say("page.rain.atleast", mm=mm)
    cells = [_cell(reader, limit, degree, row, wet=wet) for degree in known]
    return Row(window(int(limit.window / timedelta(minutes=1))), mm, cells)


def _cell(reader: Reader, limit: RainLimit, degree: Degree, row: SumRow | None, *, wet: bool) -> Cell:
    dry, low = limit.values.get(degree), limit.saturated.get(degree)
    if dry is None:
        return Cell("–", reached=False)
    figures = (dry,) if low is None else (dry, low)
    text = " / ".join(_limit(reader, each) for each in figures) + "\N{NO-BREAK SPACE}mm"
    holds = low if wet and low is not None else dry
    return Cell(text, reached=row is not None and row.heard_mm >= holds)


def _limit(reader: Reader, value: float) -> str:
    """A limit without a needless zero."""
    return number(value, Quantity.RAIN, reader.language) if value % 1 else f"{value:.0f}"


def _mm(reader: Reader, value: float) -> str:
    return f"{number(value, Quantity.RAIN, reader.language)}\N{NO-BREAK SPACE}mm"


def _warning(reader: Reader, mark: Mark, found: list[SumRow] | None) -> str:
    """A silent rain gauge is not "no rain"."""
    if found is None:
        return reader.say("page.rain.away")
    if mark.observed_at is None or not found:
        return reader.say("page.rain.never")
    if mark.quantity is Quantity.RAIN and mark.freshness_at(reader.now) not in _HEARD:
        return reader.say("page.rain.silent", at=reader.moment(found[0].at))
    return reader.say("page.rain.gaps") if any(row.most_mm is None for row in found) else ""


def _ground(reader: Reader, degrees: RainDegrees, found: list[SumRow]) -> str:
    rule = degrees.saturation
    if rule is None:
        return ""
    state = found[0].saturated if found else None
    word = "unknown" if state is None else "saturated" if state else "ordinary"
    return reader.say(
        f"page.rain.ground.{word}",
        mm=_mm(reader, rule.mm),
        days=rule.days,
        recent=_mm(reader, rule.recent_mm),
        recent_days=rule.recent_days,
    )


def person_rules(reader: Reader, mark: Mark) -> list[dict[str, str]]:
    """The rules that no gauge of ours judges, with whose they are."""
    return [
        {"degree": reader.degree(int(rule.degree), "spa"), "text": rule.text(reader.language), "source": rule.source}
        for rule in mark.station.by_person
    ]
