"""The warnings of other services as a page and as data, and the page of whose data these are."""

from datetime import timedelta

from aiohttp import web

from floodcore.words import Language
from portal import answers, districts, others, terms
from portal.board import Snapshot
from portal.desk import Desk
from portal.geojson import Json, iso
from portal.marks import Mark
from portal.reading import Reader
from portal.voices import EXPECTED, MOST_LINES, ClassWords, Voice, gauge_classes, longest_import, voices

_CHMU_CAP_S = 300.0


def _imports(desk: Desk) -> dict[str, timedelta]:
    settings = desk.house.settings
    return {source: longest_import(settings.interval_s(source, _CHMU_CAP_S)) for source in EXPECTED}


def of_region(desk: Desk, reader: Reader, snapshot: Snapshot) -> list[Voice]:
    """What others say for the region."""
    return voices(reader, snapshot.standings, districts.ours(desk.house.network), _imports(desk))


def of_station(desk: Desk, reader: Reader, snapshot: Snapshot, mark: Mark) -> list[Voice]:
    """What others say for the districts of a gauge; nothing for one that no such district depends on."""
    codes = districts.of_station(desk.house.network, mark.station)
    return voices(reader, snapshot.standings, codes, _imports(desk), mark.station) if codes else []


def classes_of(reader: Reader, snapshot: Snapshot, mark: Mark) -> list[ClassWords]:
    """The classes other services give a gauge."""
    return gauge_classes(reader, mark.station, mark.classes, {each.source: each.fault for each in snapshot.sources})


def classed(reader: Reader, snapshot: Snapshot, least: int) -> list[tuple[Mark, ClassWords]]:
    """Every gauge a service classes now at `least` or above, the highest first, on the map or not."""
    found = [
        (each, mark)
        for mark in snapshot.marks
        for each in mark.classes
        if each.grade is not None and each.grade >= least and each.current(reader.now)
    ]
    found.sort(key=lambda pair: (-(pair[0].grade or 0), reader.place(pair[1]), pair[1].station.id))
    return [(mark, words) for each, mark in found for words in gauge_classes(reader, mark.station, (each,), {})[:1]]


async def page(desk: Desk, request: web.Request, language: Language) -> web.Response:
    """The warnings of other services in full."""
    snapshot = await desk.board.current()
    reader = desk.reader(language)
    text = desk.render(
        "warnings.html",
        reader,
        here="map",
        rest="warnings",
        voices=of_region(desk, reader, snapshot),
        classed=classed(reader, snapshot, 0),
        most=MOST_LINES,
    )
    return answers.page(request, text)


async def context(desk: Desk, request: web.Request) -> web.Response:
    """The same for programs, with the classes of gauges."""
    snapshot = await desk.board.current()
    now = desk.house.clock.now()
    codes = districts.ours(desk.house.network)
    graded = [each for mark in snapshot.marks for each in mark.classes]
    body: Json = {
        "stale_since": iso(desk.board.stale_since()),
        "now": iso(now),
        "bulletins": others.bulletins(snapshot.standings, now, codes, _imports(desk)),
        "classes": others.classes(graded, now),
    }
    return answers.data(request, body)


async def sources(desk: Desk, request: web.Request) -> web.Response:
    """Every source in use with its terms, for programs."""
    snapshot = await desk.board.current()
    rows: list[Json] = [others.source_row(each) for each in others.in_use(snapshot.sources, snapshot.standings)]
    return answers.data(request, {"stale_since": iso(desk.board.stale_since()), "sources": rows})


async def sources_page(desk: Desk, request: web.Request, language: Language) -> web.Response:
    """Every source in use with its terms, for people."""
    snapshot = await desk.board.current()
    reader = desk.reader(language)
    rows = [
        {
            "source": each.source,
            "terms": terms.of(each.source),
            "owner": _owner(reader, each.source),
            "last": reader.moment(each.ok_at),
            "failing": bool(each.fault),
        }
        for each in others.in_use(snapshot.sources, snapshot.standings)
    ]
    return answers.page(request, desk.render("sources.html", reader, here="status", rest="sources", rows=rows))


def _owner(reader: Reader, source: str) -> str:
    key = f"terms.owner.{source}"
    if key in reader.texts.known:
        return reader.say(key)
    known = terms.of(source)
    return known.owner or (reader.say("terms.owner.own") if known.asks == "own" else source)
