"""By which rules a gauge was judged since when, who changed them and why, and what is to come: page and data."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from floodcore.rule_data import data
from floodcore.store import rulelog
from floodcore.store.rulelog import RuleLine
from floodcore.words import Language, Quantity
from portal import answers, pages
from portal.board import OUTAGES
from portal.desk import Desk
from portal.geojson import Json
from portal.localtime import number, stamp
from portal.marks import Mark
from portal.reading import Reader

_READ_LIMIT_S = 3.0
_SCHEMES = {"alarmstufe", "imgw", "rain"}


@dataclass(frozen=True, slots=True)
class Card:
    """One version, or one change not used yet, as the page shows it.

    `facts` are triples of name, words and the language of the words, empty for that of the page. `waits`: the change
    is valid, but no reading was judged by it yet.
    """

    head: str
    iso: str
    limits: list[tuple[str, str]]
    facts: list[tuple[str, str, str]]
    waits: bool


async def history(desk: Desk, request: web.Request) -> web.Response:
    """The history for programs; 503 while the record cannot be read, never an empty one in its place."""
    snapshot = await desk.board.current()
    mark = snapshot.mark(request.match_info["station_id"])
    if mark is None:
        return answers.refusal(request, 404, "unknown station", "the ids are listed at /api/v1/stations")
    lines = await _lines(desk, mark)
    if lines is None:
        response = answers.refusal(request, 503, "database away", "try again in some seconds")
        response.headers["Retry-After"] = "5"
        return response
    return answers.data(request, _found(desk, mark, lines))


async def page(desk: Desk, request: web.Request, language: Language) -> web.Response:
    """The same for people. What is to come stands in the station files, so it is shown without the record too."""
    snapshot = await desk.board.current()
    mark = snapshot.mark(request.match_info["station_id"])
    if mark is None:
        return pages.error(desk, request, language, 404)
    reader = desk.reader(language)
    lines = await _lines(desk, mark)
    found = _found(desk, mark, lines)
    text = desk.render(
        "rules.html",
        reader,
        here="",
        rest=f"stations/{mark.station.id}/rules",
        mark=mark,
        away=lines is None,
        used=[_card(reader, one, "since") for one in reversed(_entries(found["used"]))],
        to_come=[_card(reader, one, "valid_from") for one in _entries(found["to_come"])],
    )
    return answers.page(request, text)


async def _lines(desk: Desk, mark: Mark) -> list[RuleLine] | None:
    """The record, or None when the database is away."""
    if desk.board.stale:
        return None
    try:
        async with asyncio.timeout(_READ_LIMIT_S), desk.house.pool.connection(_READ_LIMIT_S) as conn:
            return await rulelog.of_station(conn, mark.station.id)
    except OUTAGES:
        return None


def _found(desk: Desk, mark: Mark, lines: list[RuleLine] | None) -> dict[str, Json]:
    station = desk.house.network.stations.get(mark.station.id)
    return data(mark.station.id, lines, station, desk.house.clock.now())


def _entries(found: Json) -> list[Mapping[str, Any]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _card(reader: Reader, one: Mapping[str, Any], since: str) -> Card:
    quantity, at = Quantity(one["quantity"]), datetime.fromisoformat(one[since])
    # With the year, always: a history outlives it.
    from_ = reader.say("rules.since" if since == "since" else "rules.from", at=stamp(at, reader.language))
    return Card(
        f"{reader.say(f'quantity.{quantity.value}')}, {from_}",
        one[since],
        _limits(reader, one, quantity),
        _facts(reader, one),
        one.get("valid") is True,
    )


def _limits(reader: Reader, one: Mapping[str, Any], quantity: Quantity) -> list[tuple[str, str]]:
    """Each degree with its limit; of rain each window."""
    scheme = one.get("scheme") or "spa"
    if one.get("rain_sums"):
        return [
            (
                reader.say("rules.window", minutes=each["window_min"]),
                _sums(reader, each["limits"]) + _wet(reader, each["saturated"]),
            )
            for each in one["rain_sums"]
        ]
    unit = reader.say(f"unit.{one['unit']}") if one["unit"] else ""
    return [
        (
            reader.degree(int(degree), scheme if scheme in _SCHEMES else "spa"),
            f"{number(value, quantity, reader.language)}\N{NO-BREAK SPACE}{unit}",
        )
        for degree, value in sorted(one["limits"].items())
    ]


def _sums(reader: Reader, limits: Mapping[str, float]) -> str:
    figures = " / ".join(number(limits[degree], Quantity.RAIN, reader.language) for degree in sorted(limits))
    return f"{figures}\N{NO-BREAK SPACE}mm"


def _wet(reader: Reader, limits: Mapping[str, float]) -> str:
    return reader.say("rules.saturated", limits=_sums(reader, limits)) if limits else ""


def _facts(reader: Reader, one: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What the station files say of sources is English; who changed a limit gave the reason in any language."""
    unknown = reader.say("rules.unknown")
    since = one.get("valid_from")
    facts = [
        ("rules.valid_from", stamp(datetime.fromisoformat(since), reader.language) if since else unknown, ""),
        ("rules.source", one["source"] or unknown, "en" if one["source"] else ""),
        ("rules.author", one["author"] or unknown, ""),
        ("rules.reason", one["reason"] or unknown, ""),
    ]
    if one.get("version"):
        words = reader.say("rules.version.of", version=one["version"], engine=one["engine"])
        facts.append(("rules.version", words, ""))
    return [(reader.say(key), words, language) for key, words, language in facts]
