"""The page of one gauge: state, hydrograph, limits, neighbours, last values, and what is not known."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web
from markupsafe import Markup

from floodcore.store import views
from floodcore.store.notes import Note
from floodcore.store.views import SampleView
from floodcore.units import CANONICAL
from floodcore.words import Degree, Flag, Language, Quantity
from portal import ahead as forecast
from portal import answers, contextpage, doubting, hydrograph, pages, rainpage, seasonal, wellbeingpage
from portal.board import OUTAGES
from portal.desk import Desk, credit_words, owner_words
from portal.geojson import iso
from portal.hydrograph import Facts, Plot
from portal.localtime import number, short_stamp
from portal.marks import Mark, downstream
from portal.reading import Reader

SPANS = {"24h": timedelta(hours=24), "3d": timedelta(days=3), "7d": timedelta(days=7)}
# Phones and desktops get pictures of their own, so that letters keep their size.
_SIZES = ((360, 300), (900, 350))
_MOST_SAMPLES = 12_000  # a week of values a minute apart
_ROWS = 24
_WARNED = 5
_READ_LIMIT_S = 2.0


@dataclass(frozen=True, slots=True)
class Picture:
    """The hydrograph as the template takes it; `svgs` empty and `nothing` the reason when there is none."""

    quantity: str
    quantities: list[str]
    unit: str
    svgs: list[Markup]
    description: str
    nothing: str


async def station(desk: Desk, request: web.Request, language: Language) -> web.Response:
    """The page of the gauge named in the address, or 404."""
    snapshot = await desk.board.current()
    mark = snapshot.mark(request.match_info["station_id"])
    if mark is None:
        return pages.error(desk, request, language, 404)
    span = request.query.get("span", "24h")
    span = span if span in SPANS else "24h"
    reader = desk.reader(language)
    quantity = _quantity(mark, request.query.get("quantity", ""))
    samples = await _samples(desk, mark, quantity, reader, SPANS[span])
    told = await wellbeingpage.story(desk, reader, mark.station.id)
    rain = rainpage.section(reader, mark, await rainpage.sums(desk, mark))
    return answers.page(request, _page(desk, reader, mark, (quantity, span), samples, told, rain))


async def _samples(
    desk: Desk, mark: Mark, quantity: Quantity, reader: Reader, span: timedelta
) -> list[SampleView] | None:
    """The values of the span, or None when the database is away."""
    end = reader.now + timedelta(minutes=1)
    if desk.board.stale:
        return None
    try:
        async with asyncio.timeout(_READ_LIMIT_S), desk.house.pool.connection(_READ_LIMIT_S) as conn:
            return await views.samples(
                conn, mark.station.id, quantity.value, start=reader.now - span, end=end, limit=_MOST_SAMPLES
            )
    except OUTAGES:
        return None


def _quantity(mark: Mark, wish: str) -> Quantity:
    return Quantity(wish) if wish in mark.station.quantities else mark.quantity


def _page(
    desk: Desk,
    reader: Reader,
    mark: Mark,
    wish: tuple[Quantity, str],
    samples: list[SampleView] | None,
    story: wellbeingpage.Story | None = None,
    rain: rainpage.Rain | None = None,
) -> str:
    quantity, span = wish
    network, shown = desk.house.network, desk.board.snapshot
    limits = mark.station.limits_of(quantity)
    neighbours = {other.station.id: other for other in shown.marks}
    above = [neighbours[key] for key in mark.station.upstream if key in neighbours]
    below = [neighbours[other.id] for other in downstream(network, mark.station.id) if other.id in neighbours]
    places = [network.places[key].names.of(reader.language) for key in mark.station.places if key in network.places]
    return desk.render(
        "station.html",
        reader,
        here="",
        rest=f"stations/{mark.station.id}?span={span}&quantity={quantity.value}",
        mark=mark,
        doubt=_doubt(desk, reader, mark),
        doubts=[doubting.row(reader, each) for each in mark.doubts],
        notes=[_note(desk, reader, note) for note in mark.notes],
        story=story,
        rain=rain,
        rules=rainpage.person_rules(reader, mark),
        season=seasonal.advice(reader, mark),
        voices=contextpage.of_station(desk, reader, shown, mark),
        classes=contextpage.classes_of(reader, shown, mark),
        most=_WARNED,
        sources=_sources(reader, mark, samples or []),
        span=span,
        spans=list(SPANS),
        plot=_picture(reader, mark, wish, samples),
        limits=_limit_rows(reader, mark, quantity),
        limits_source=limits.source if limits is not None else "",
        limits_since=limits.valid_from.isoformat()
        if limits is not None and limits.valid_from is not None
        else reader.say("page.limits.undated"),
        ahead=forecast.ahead(reader, mark) if quantity is mark.quantity else None,
        upstream=above,
        downstream=below,
        places=places,
        reach=mark.station.reach.get(reader.language) or mark.station.reach.get(Language.CS, ""),
        rows=_rows(desk, reader, quantity, samples or [], mark.station.operator),
        csv=f"/api/v1/stations/{mark.station.id}/observations?quantity={quantity.value}&format=csv",
        missing=[_fact(desk, reader, name) for name in mark.station.missing],
        number=lambda value, decimals: f"{value:.{decimals}f}".replace(
            ".", "." if reader.language is Language.EN else ","
        ),
    )


def _fact(desk: Desk, reader: Reader, name: str) -> str:
    """The name of a fact that is not known; a fact newer than the texts keeps the name it has in the files."""
    key = f"page.missing.{name}"
    return reader.say(key) if key in desk.keys else name


def _note(desk: Desk, reader: Reader, note: Note) -> dict[str, str]:
    """What people report, in the reader's language or in one there is."""
    key = f"cause.{note.cause}"
    text, language = note.text(reader.language)
    start = reader.moment(note.valid_from)
    ends = note.valid_until is not None
    times = (
        reader.say("page.notes.span", start=start, end=reader.moment(note.valid_until))
        if ends
        else reader.say("page.notes.from", start=start)
    )
    cause = reader.say(key) if key in desk.keys else note.cause
    return {"cause": cause, "text": text, "language": language, "times": times, "author": note.author}


def _doubt(desk: Desk, reader: Reader, mark: Mark) -> str:
    if mark.flag not in {Flag.SUSPECT, Flag.FAIL} or not mark.test:
        return ""
    key = f"page.test.{mark.test}"
    return reader.say("page.doubt", test=reader.say(key) if key in desk.keys else mark.test)


def _picture(reader: Reader, mark: Mark, wish: tuple[Quantity, str], samples: list[SampleView] | None) -> Picture:
    quantity, span = wish
    unit = reader.say(f"unit.{mark.unit}") if mark.unit and quantity is mark.quantity else _unit(reader, quantity)
    quantities = [each.value for each in mark.station.quantities] or [quantity.value]
    if samples is None:
        return Picture(quantity.value, quantities, unit, [], "", reader.say("page.graph.nodatabase"))
    if not any(sample.value is not None for sample in samples):
        nothing = reader.say("page.graph.empty", span=reader.say(f"page.span.{span}"))
        return Picture(quantity.value, quantities, unit, [], "", nothing)
    plot = Plot(
        quantity=quantity,
        unit=unit,
        samples=samples,
        limits=mark.station.limits_of(quantity),
        start=reader.now - SPANS[span],
        end=reader.now,
        interval=mark.station.interval,
        language=reader.language,
        ahead=forecast.band(mark, reader.now) if quantity is mark.quantity else [],
    )
    facts = hydrograph.facts(plot)
    description = _description(reader, plot, facts, mark)
    title = f"{reader.say(f'quantity.{quantity.value}')}, {reader.place(mark)}, {reader.say(f'page.span.{span}')}"
    svgs = [
        Markup(hydrograph.svg(plot, *size, title=title, description=description, say=reader.say))  # noqa: S704  # escapes
        for size in _SIZES
    ]
    return Picture(quantity.value, quantities, unit, svgs, description, "")


def _unit(reader: Reader, quantity: Quantity) -> str:
    return reader.say(f"unit.{CANONICAL[quantity]}")


def _description(reader: Reader, plot: Plot, facts: Facts, mark: Mark) -> str:
    """The picture in words, for those who cannot see it and for those in a hurry."""

    def told(sample: SampleView) -> dict[str, str]:
        value = number(sample.value or 0.0, plot.quantity, reader.language)
        return {"value": f"{value} {plot.unit}", "at": reader.moment(sample.observed_at)}

    parts = []
    if facts.highest is not None and facts.lowest is not None and facts.latest is not None:
        parts = [
            reader.say("page.graph.highest", **told(facts.highest)),
            reader.say("page.graph.lowest", **told(facts.lowest)),
            reader.say("page.graph.latest", **told(facts.latest)),
        ]
    counted = (("gaps", facts.gaps), ("suspect", facts.doubted), ("late", facts.late))
    parts += [reader.say(f"page.graph.{name}", count=count) for name, count in counted if count]
    if plot.ahead:
        figures = forecast.told_in_figures(plot.ahead, mark, reader.language)
        parts.append(reader.say("page.graph.ahead", unit=plot.unit, **figures))
    return " ".join(parts)


def _limit_rows(reader: Reader, mark: Mark, quantity: Quantity) -> list[dict[str, object]]:
    limits = mark.station.limits_of(quantity)
    if limits is None:
        return []
    rows: list[dict[str, object]] = []
    for degree, value in sorted(limits.values.items()):
        shown = number(value, quantity, reader.language)
        known = mark.value is not None and quantity is mark.quantity
        distance = "" if mark.value is None or not known else _distance(reader, value - mark.value, quantity)
        rows.append(
            {
                "name": reader.degree(int(degree), limits.scheme),
                "value": f"{shown}\N{NO-BREAK SPACE}{_unit(reader, quantity)}",
                "distance": distance,
                "reached": quantity is mark.quantity and (mark.degree_reached or 0) >= degree > Degree.NONE,
            }
        )
    return rows


def _distance(reader: Reader, rest: float, quantity: Quantity) -> str:
    """How far up to a limit, or how far above it the water stands."""
    by = f"{number(abs(rest), quantity, reader.language)}\N{NO-BREAK SPACE}{_unit(reader, quantity)}"
    return by if rest > 0 else reader.say("page.limits.over", by=by)


def _sources(reader: Reader, mark: Mark, samples: list[SampleView]) -> str:
    """Whose the values of the picture are, each owner once."""
    names = {credit_words(reader, each.source, mark.station.operator) for each in samples if each.source}
    return ", ".join(sorted(names))


def _rows(
    desk: Desk, reader: Reader, quantity: Quantity, samples: list[SampleView], operator: str
) -> list[dict[str, object]]:
    """The last values, newest first, with what is to be said about each."""
    rows: list[dict[str, object]] = []
    named: dict[str, str] = {}
    for sample in reversed(samples[-_ROWS:]):
        doubtful = sample.flag in {Flag.SUSPECT, Flag.FAIL}
        notes = [reader.say("page.note.late")] if sample.late else []
        if sample.by_person:
            notes.append(reader.say("page.note.person"))
        if doubtful:
            key = f"page.test.{sample.test}"
            notes.append(reader.say("page.doubt", test=reader.say(key) if key in desk.keys else sample.test))
        if sample.value is None:
            notes.append(reader.say("page.note.missing"))
        rows.append(
            {
                "iso": iso(sample.observed_at),
                "at": short_stamp(sample.observed_at, reader.now, reader.language),
                "value": "–"
                if sample.value is None
                else f"{number(sample.value, quantity, reader.language)}\N{NO-BREAK SPACE}{_unit(reader, quantity)}",
                "note": ", ".join(notes),
                "source": named.setdefault(sample.source, owner_words(reader, sample.source, operator)),
                "doubt": doubtful,
            }
        )
    return rows
