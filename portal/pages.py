"""The pages that show the whole: map, table, events, and what a reader gets who has lost the way."""

from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup

from floodcore.store.views import EventView
from floodcore.words import Degree, Freshness, Language, Quantity
from portal import answers, atlas, contextpage, mapwords
from portal.board import Bytes, Snapshot
from portal.desk import Desk
from portal.geojson import iso
from portal.localtime import number
from portal.marks import Mark, needs_eyes, scheme_of, severity
from portal.reading import Reader
from portal.wellbeing import event_words

_LISTED = 12
_WARNED = 5
_MAP_ELEMENT = Markup('<div class="folium-map" id="map_h0"></div>')
_SCRIPT = "text/javascript; charset=utf-8"
SHOWS = ("all", "eyes", "degree", "silent")
SORTS = ("degree", "name", "river", "value", "age")
_LONG_AGO = float("inf")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many gauges are how. A silent gauge counts with its degree too: it keeps it."""

    degrees: list[tuple[int, int]]
    foreign: int
    rain: int
    silent: int
    doubtful: int
    fresh: int
    all: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader of the table asked for; anything unknown is the default."""

    show: str = "all"
    sort: str = "degree"
    river: str = ""


def counts(marks: tuple[Mark, ...], reader: Reader) -> Counts:
    """Count the marks by degree of the Czech scale, by foreign degrees, and by freshness."""
    spa = Counter(mark.degree_reached for mark in marks if mark.scheme == "spa")
    states = Counter(mark.freshness_at(reader.now) for mark in marks)
    return Counts(
        degrees=[(degree, spa[degree]) for degree in (4, 3, 2, 1)],
        foreign=sum(1 for mark in marks if mark.scheme not in {"spa", "rain"} and _at_degree(mark)),
        rain=sum(1 for mark in marks if mark.scheme == "rain" and _at_degree(mark)),
        silent=states[Freshness.SILENT],
        doubtful=states[Freshness.DOUBTFUL],
        fresh=states[Freshness.FRESH],
        all=len(marks),
    )


def _at_degree(mark: Mark) -> bool:
    return (mark.degree_reached or 0) > Degree.NONE


async def start(desk: Desk, request: web.Request, language: Language) -> web.Response:
    """The map page."""
    snapshot = await desk.board.current()
    body = desk.kept(("map", language.value), lambda: _map_page(desk, snapshot, language))
    return answers.page(request, body)


def _map_page(desk: Desk, snapshot: Snapshot, language: Language) -> str:
    reader = desk.reader(language)
    eyes = sorted(
        (mark for mark in snapshot.marks if needs_eyes(mark, reader.now)), key=lambda mark: severity(mark, reader.now)
    )
    return desk.render(
        "map.html",
        reader,
        here="map",
        rest="",
        counts=counts(snapshot.marks, reader),
        listed=eyes[:_LISTED],
        more=max(0, len(eyes) - _LISTED),
        voices=contextpage.of_region(desk, reader, snapshot),
        classed=contextpage.classed(reader, snapshot, 1)[:_WARNED],
        most=_WARNED,
        map_element=_MAP_ELEMENT,
        map_script=f"/{language.value}/map.js?v={_script(desk, language).etag.strip(chr(34))[:8]}",
    )


def _script(desk: Desk, language: Language) -> Bytes:
    settings = desk.house.settings
    if language not in desk.scripts:
        tiles = (settings.tile_url, settings.tile_attribution)
        words = mapwords.words(desk.house.texts, language)
        text = atlas.script(desk.house.network, language, tiles=tiles, words=words)
        desk.scripts[language] = Bytes.of(text.encode())
    return desk.scripts[language]


async def map_script(desk: Desk, request: web.Request, language: Language) -> web.Response:
    """The script folium wrote for this network and language."""
    return answers.finished(request, _script(desk, language), _SCRIPT, cache="public, max-age=3600")


async def table(desk: Desk, request: web.Request, language: Language) -> web.Response:
    """All gauges as a table, worst first: the map for those who cannot use a map."""
    snapshot = await desk.board.current()
    choice = _choice(request, desk)
    key = ("table", language.value, choice.show, choice.sort, choice.river)
    body = desk.kept(key, lambda: _table_page(desk, snapshot, language, choice))
    return answers.page(request, body)


def _choice(request: web.Request, desk: Desk) -> Choice:
    show, sort = request.query.get("show", ""), request.query.get("sort", "")
    river = request.query.get("river", "")
    return Choice(
        show if show in SHOWS else "all",
        sort if sort in SORTS else "degree",
        river if river in desk.house.network.rivers else "",
    )


def _table_page(desk: Desk, snapshot: Snapshot, language: Language, choice: Choice) -> str:
    reader = desk.reader(language)
    shown = [mark for mark in snapshot.marks if _wanted(mark, reader, choice)]
    rivers = desk.house.network.rivers.values()
    return desk.render(
        "table.html",
        reader,
        here="table",
        rest=f"table?{urlencode({'show': choice.show, 'sort': choice.sort, 'river': choice.river})}",
        counts=counts(snapshot.marks, reader),
        chosen=choice,
        rivers=sorted(((river.id, river.names.of(language)) for river in rivers), key=lambda pair: pair[1]),
        marks=sorted(shown, key=lambda mark: _order(mark, reader, choice)),
    )


def _wanted(mark: Mark, reader: Reader, choice: Choice) -> bool:
    if choice.river and mark.station.river != choice.river:
        return False
    match choice.show:
        case "eyes":
            return needs_eyes(mark, reader.now)
        case "degree":
            return max(mark.degree_reached or 0, mark.degree_declared or 0) > Degree.NONE
        case "silent":
            return mark.freshness_at(reader.now) is not Freshness.FRESH
        case _:
            return True


def _order(mark: Mark, reader: Reader, choice: Choice) -> tuple[object, ...]:
    worst = severity(mark, reader.now)
    match choice.sort:
        case "name":
            return (reader.place(mark), worst)
        case "river":
            return (mark.station.river or "~", -(mark.station.river_km or 0.0), worst)
        case "value":
            return (mark.quantity, -mark.value if mark.value is not None else _LONG_AGO, worst)
        case "age":
            age = (reader.now - mark.observed_at).total_seconds() if mark.observed_at is not None else _LONG_AGO
            return (-age, worst)
        case _:
            return worst


async def events(desk: Desk, request: web.Request, language: Language) -> web.Response:
    """The degree changes, newest first, from the board: it works while the database is away."""
    snapshot = await desk.board.current()
    reader = desk.reader(language)
    text = desk.render(
        "events.html",
        reader,
        here="events",
        rest="events",
        rows=[
            _incident_row(event, reader) if event.kind == "incident" else _event_row(event, snapshot, reader, desk)
            for event in snapshot.events
        ],
    )
    return answers.page(request, text)


def _incident_row(event: EventView, reader: Reader) -> dict[str, object]:
    """What failed for many at once: no degree, and no gauge to go to."""
    return {
        "at": reader.moment(event.at),
        "iso": iso(event.at),
        "incident": event_words(reader, event),
        "exercise": event.exercise,
    }


def _event_row(event: EventView, snapshot: Snapshot, reader: Reader, desk: Desk) -> dict[str, object]:
    mark = snapshot.mark(event.station_id)
    judged = scheme_of(mark.station, Quantity(event.quantity)) if mark is not None else "spa"
    scheme = judged if event.kind != "declared" else "spa"
    unit = reader.say(f"unit.{event.unit}") if f"unit.{event.unit}" in desk.keys else event.unit
    kind = f"page.kind.{event.kind}"
    ended = event.kind == "expected" and event.reason in {"withdrawn", "fulfilled"}
    if event.kind == "reached" and event.to_degree < event.from_degree:
        kind = "page.kind.lowered" if event.to_degree else "page.kind.ended"
    if event.kind == "declared" and not event.to_degree:
        kind = "page.kind.revoked"
    if ended or (event.kind == "expected" and event.reason in {"changed", "lowered"}):
        kind = f"page.kind.expected.{event.reason}"
    degree = event.from_degree if ended else event.to_degree

    def figure(value: float | None) -> str:
        return (
            ""
            if value is None
            else f"{number(value, Quantity(event.quantity), reader.language)}\N{NO-BREAK SPACE}{unit}"
        )

    return {
        "at": reader.moment(event.at),
        "iso": iso(event.at),
        "incident": "",
        "up": event.to_degree > event.from_degree,
        "degree": degree,
        "expected": event.kind == "expected",
        "scheme": scheme,
        "station_id": event.station_id,
        "place": reader.place(mark) if mark is not None else event.station_id,
        "river": desk.river_name(mark, reader.language),
        "kind": (reader.say(kind) if kind in desk.keys else event.kind)
        + (f" ({reader.doubt(f'unproved_{event.doubt}')})" if event.doubt else ""),
        "words": reader.degree(degree, scheme),
        "before": "" if ended else reader.say("page.events.before", degree=reader.degree(event.from_degree, scheme)),
        "value": figure(event.value),
        "limit": reader.say("page.events.limit", limit=figure(event.limit_value))
        if event.limit_value is not None
        else "",
        "author": event.author,
        "cause": reader.say("cause.tag", cause=reader.cause(event.cause)) if event.cause else "",
        "exercise": event.exercise,
    }


async def lost(desk: Desk, request: web.Request, language: Language) -> web.Response:
    """404, in style and in the reader's language."""
    return error(desk, request, language, 404)


def error(desk: Desk, request: web.Request, language: Language, status: int) -> web.Response:
    """An error page that says where to go from here."""
    reader = desk.reader(language)
    heading = reader.say(f"page.error.{status}")
    text = reader.say(f"page.error.{status}.text")
    rest = ""
    return answers.page(
        request, desk.render("error.html", reader, here="", rest=rest, heading=heading, text=text), status=status
    )
