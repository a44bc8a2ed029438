"""The threshold lab: what other limits, hysteresis and calm time would have made of a record. Pure.

A proposal is judged by the live engine over the same readings as the rules that stand. What counts as a crossing are
the limits of the station list, the reference: the water at which something happens. An alert is true if the
reference is reached while it stands, or stands already when it comes (then it came late); else it is false.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_odds import Odds
from alerting.engine.lifecycle import Transition
from alerting.engine.rules import Rules, version
from floodcore.words import Degree, Quantity
from hladina.foresight import told
from hladina.judged import Outcome, interval, judge
from hladina.neighbours import above
from hladina.records import Record
from hladina.skill import episodes_judged
from hladina.station_list import Recorded

# An alert that comes again so soon is a flap.
AGAIN = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Rules to try: limits in the canonical unit, hysteresis in cm (level) or as a share (discharge), calm time.

    None keeps what the engine has.
    """

    limits: Mapping[Degree, float] | None = None
    hysteresis: float | None = None
    calm: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A degree stood from `begin` until `end` (None: the record ends first)."""

    begin: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Warned:
    """What the forecast would have warned of for one horizon: leads in minutes, times not foreseen, false ones."""

    horizon_min: int
    leads_min: tuple[float, ...]
    missed: int
    false: int


@dataclass(frozen=True, slots=True)
class Trial:
    """One degree: its limit and the reference, the alerts, and what they were worth.

    `crossings` has for each crossing of the reference how many minutes before it the alert came: negative after it,
    None never. `again` counts alerts within two hours of the end of the one before.
    """

    degree: Degree
    limit: float
    reference: float | None
    alerts: tuple[Span, ...]
    again: int
    crossings: tuple[tuple[datetime, float | None], ...]
    false: tuple[datetime, ...]
    warned: tuple[Warned, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a station: by which rules, over how long, degree by degree."""

    station: Recorded
    rules: Rules
    version: str
    begin: datetime
    end: datetime
    readings: int
    trials: tuple[Trial, ...]


def rules_of(station: Recorded, record: Record, proposal: Proposal) -> Rules:
    """The rules of a proposal for one station."""
    rules = Rules(station.quantity, interval(record.at), station.limits if proposal.limits is None else proposal.limits)
    if proposal.hysteresis is not None:
        level = station.quantity is Quantity.LEVEL
        rules = (
            replace(rules, hysteresis_cm=proposal.hysteresis)
            if level
            else replace(rules, hysteresis_share=proposal.hysteresis)
        )
    return rules if proposal.calm is None else replace(rules, calm=proposal.calm)


def tried(
    station: Recorded,
    records: Mapping[str, Record],
    stations: Mapping[str, Recorded],
    proposal: Proposal,
    odds: Odds,
) -> Tried | None:
    """Try a proposal on a station; None without readings or limits."""
    record = records[station.id]
    rules = rules_of(station, record, proposal)
    if not record.at or not rules.limits:
        return None
    outcome = judge(station, record, rules)
    reference = judge(station, record)
    proposed = replace(station, limits=dict(rules.limits))
    warned = _warned(proposed, records, stations, outcome, odds)
    trials = tuple(_trial(degree, rules, station, outcome, reference, warned[degree]) for degree in rules.limits)
    return Tried(station, rules, version(rules), record.at[0], record.at[-1], len(record.at), trials)


def spans(transitions: Sequence[Transition], degree: Degree) -> Iterator[Span]:
    """When `degree` or more stood."""
    begin: datetime | None = None
    for one in transitions:
        if begin is None and one.to_degree >= degree:
            begin = one.at
        elif begin is not None and one.to_degree < degree:
            yield Span(begin, one.at)
            begin = None
    if begin is not None:
        yield Span(begin, None)


def _trial(
    degree: Degree, rules: Rules, station: Recorded, outcome: Outcome, reference: Outcome, warned: tuple[Warned, ...]
) -> Trial:
    alerts = tuple(spans(outcome.transitions, degree))
    crossed = tuple(spans(reference.transitions, degree)) if degree in station.limits else ()
    again = sum(1 for a, b in pairwise(alerts) if a.end is not None and b.begin - a.end <= AGAIN)
    judged = alerts if degree in station.limits else ()
    false = tuple(a.begin for a in judged if not any(_meet(a, c) for c in crossed))
    leads = tuple((c.begin, _lead(alerts, c)) for c in crossed)
    return Trial(degree, rules.limits[degree], station.limits.get(degree), alerts, again, leads, false, warned)


def _meet(one: Span, other: Span) -> bool:
    """Whether two spans share a moment."""
    return (other.end is None or one.begin <= other.end) and (one.end is None or other.begin <= one.end)


def _lead(alerts: Sequence[Span], crossing: Span) -> float | None:
    """Minutes from the first alert that stands in the crossing to it."""
    first = next((alert for alert in alerts if _meet(alert, crossing)), None)
    return None if first is None else (crossing.begin - first.begin).total_seconds() / 60.0


def _warned(
    proposed: Recorded,
    records: Mapping[str, Record],
    stations: Mapping[str, Recorded],
    outcome: Outcome,
    odds: Odds,
) -> dict[Degree, tuple[Warned, ...]]:
    """What the forecast would have said of the proposed limits, against when they were reached."""
    names = above(proposed.id, stations)
    names = (*names, *proposed.rain_gauges)
    outcomes = {proposed.id: outcome, **{name: judge(stations[name], records[name]) for name in names}}
    said = told(proposed, outcomes, {**stations, proposed.id: proposed}, odds)
    found: dict[Degree, tuple[Warned, ...]] = {}
    for index, degree in enumerate(proposed.limits):
        crossed = [span.begin.timestamp() for span in spans(outcome.transitions, degree)]
        found[degree] = (
            ()
            if said is None
            else tuple(
                _count(horizon, episodes_judged(said.now[said.warn[:, index, column]], crossed, horizon, said.now[-1]))
                for column, horizon in enumerate(HORIZONS_MIN)
            )
        )
    return found


def _count(horizon: int, judged: tuple[dict[float, float | None], list[float]]) -> Warned:
    leads, false = judged
    known = tuple(lead for lead in leads.values() if lead is not None)
    return Warned(horizon, known, len(leads) - len(known), len(false))
