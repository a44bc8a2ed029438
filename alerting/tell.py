"""Events as they are told: what happened at a gauge, whom it concerns, and its line in the flood book."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from psycopg import AsyncConnection

from alerting.engine.judge import Change, chain
from alerting.engine.lifecycle import PROVED as PROVES
from alerting.engine.rulebook import Rulebook
from alerting.engine.silence import Silence
from floodcore.killpoint import passing
from floodcore.store import book, judging, telling
from floodcore.store.judging import Announcement, NewEvent, Series
from floodcore.store.listen import EVENT
from floodcore.store.rain import Fallen
from floodcore.words import Degree, Quantity

REACHED = "reached"
PROVED = "proved"
UNPROVED = "unproved"
SILENCE = "silence"

# A text of a degree reached is of use for half an hour: the gateway's validity period is to be the
# usefulness of the alert, 900-1,800 s (sms.md section 2). Later only the current state is told, as delayed.
VALIDITY = timedelta(minutes=30)


def reached(series: Series, rule_version: str, change: Change, *, exercise: bool) -> NewEvent:
    """The event of a change of degree, or of the proof of one (ADR 0020)."""
    transition, known = change.transition, change.known
    same = (known.firm_from, known.firm_to) == (transition.from_degree, transition.to_degree)
    return NewEvent(
        series_id=series.series_id,
        station_id=series.station_id,
        quantity=series.quantity,
        kind=PROVED if transition.reason in PROVES else REACHED,
        at=transition.at,
        from_degree=int(transition.from_degree),
        to_degree=int(transition.to_degree),
        reason=transition.reason,
        value=change.value,
        unit=series.unit,
        limit_value=change.limit,
        trend=change.trend,
        trend_per_hour=change.per_hour,
        chain=_chain(series, transition.since),
        rule_version=rule_version,
        exercise=exercise,
        firm_from=None if same else int(known.firm_from),
        firm_to=None if same else int(known.firm_to),
        doubt=known.doubt,
    )


def lost(series: Series, rule_version: str, silence: Silence, *, exercise: bool) -> NewEvent:
    """The event of a gauge that fell silent; the degree stays."""
    name = _chain(series, silence.since)
    return NewEvent(
        series_id=series.series_id,
        station_id=series.station_id,
        quantity=series.quantity,
        kind=SILENCE,
        at=silence.at,
        from_degree=int(silence.degree),
        to_degree=int(silence.degree),
        reason=silence.reason,
        value=silence.value,
        unit=series.unit,
        limit_value=None,
        trend=silence.trend,
        trend_per_hour=silence.per_hour,
        chain=name if silence.degree > Degree.NONE else f"{name}-silence",
        rule_version=rule_version,
        exercise=exercise,
    )


def _chain(series: Series, since: datetime) -> str:
    """The rain of a station has episodes of its own beside those of its level."""
    name = chain(series.station_id, since)
    return f"{name}-rain" if series.quantity == Quantity.RAIN else name


async def tell(
    conn: AsyncConnection,
    rulebook: Rulebook,
    stored: Sequence[tuple[int, NewEvent]],
    told: Sequence[bool],
    now: datetime,
    channels: tuple[str, ...],
    rain: Mapping[int, Fallen] = MappingProxyType({}),
) -> None:
    """Announcements and flood book for events just stored; `rain` is what those of rain are about.

    A proof, or the end of a rise that was never proved, opens again what was expected meanwhile and stands, so that
    residents and partners hear of it too (ADR 0020, ADR 0029). That is asked last, holding the book: who
    foresees holds it until the commit, so all that was expected before is seen, and what is expected later meets the
    proof.
    """
    if not stored:
        return
    intents = [
        Announcement(number, channel, event.to_degree, event.at + VALIDITY)
        for (number, event), is_told in zip(stored, told, strict=True)
        if is_told
        for channel in channels
    ]
    await judging.announce(conn, intents)
    await book.append(conn, [_entry(number, event, rain.get(number)) for number, event in stored], now)
    settled = [event for _, event in stored if _settles(event)]
    if settled:
        gauges = {name for event in settled for name in (event.station_id, *rulebook.below(event.station_id))}
        await telling.reopen(conn, [event.chain for event in settled], sorted(gauges), now)
    await judging.notify(conn, EVENT)
    passing("engine.event_written")


def _settles(event: NewEvent) -> bool:
    """Whether residents know more than before of a rise that was kept from them, or nothing of it is left."""
    known = event.from_degree if event.firm_from is None else event.firm_from
    knows = event.to_degree if event.firm_to is None else event.firm_to
    if event.kind == PROVED:
        return knows > known
    return known < event.from_degree and (knows > known or knows == event.to_degree)


def _entry(number: int, event: NewEvent, fallen: Fallen | None) -> book.NewEntry:
    if fallen is None:
        return entry(number, event)
    ground = "saturated" if fallen.saturated else "ordinary"
    return entry(number, event, window_min=fallen.window_min, ground=ground)


def entry(number: int, event: NewEvent, **more: float | str | None) -> book.NewEntry:
    """The line of an event in the flood book, with what else its kind has to say."""
    return book.NewEntry(
        event.at,
        event.kind,
        number,
        {
            "station": event.station_id,
            "quantity": event.quantity,
            "from": event.from_degree,
            "to": event.to_degree,
            "reason": event.reason,
            "value": event.value,
            "unit": event.unit,
            "limit": event.limit_value,
            "chain": event.chain,
            "rules": event.rule_version,
            "exercise": event.exercise,
            **({"doubt": event.doubt, "residents": event.firm_to} if event.doubt else {}),
            **more,
        },
    )
