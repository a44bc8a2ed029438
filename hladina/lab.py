"""The threshold lab: what other limits, hysteresis and calm time would have made of a record. Pure.

A proposal is judged by the live engine over the same readings as the rules that stand. What counts as a crossing are
the limits of the station list (of rain: its sums), the reference: the water at which something happens, with those that
were valid then. An alert is true if the reference is reached while it stands, or stands already when it comes (then it
came late); else it is false.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_odds import Odds
from alerting.engine.lifecycle import Transition
from alerting.engine.rain_sums import RainRules
from alerting.engine.rules import Rules, version
from floodcore.words import Degree, Quantity
from hladina.foresight import told
from hladina.judged import Outcome, Ruled, interval, judge, ruled
from hladina.neighbours import above
from hladina.records import Record
from hladina.skill import episodes_judged
from hladina.station_list import Dated, Recorded

# An alert that comes again so soon is a flap.
AGAIN = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Rules to try: limits in the canonical unit, hysteresis in cm (level) or as a share, calm time.

    `sums` are those of rain, whole. None keeps what the engine and the list have.
    """

    limits: Mapping[Degree, float] | None = None
    sums: RainRules | None = None
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
    """One degree: its limit and the reference, the alerts, and what they were worth. Of rules that change, the last.

    Of rain the limits are None, and `sums` has them: (minutes, limit, reference) of each window that has one.

    `crossings` has for each crossing of the reference how many minutes before it the alert came: negative after it,
    None never. `again` counts alerts within two hours of the end of the one before.
    """

    degree: Degree
    limit: float | None
    reference: float | None
    alerts: tuple[Span, ...]
    again: int
    crossings: tuple[tuple[datetime, float | None], ...]
    false: tuple[datetime, ...]
    warned: tuple[Warned, ...]
    sums: tuple[tuple[int, float | None, float | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a station: by which rules (of those that change the last), over how long, degree by degree.

    `seen` are what the engine believed of it: time in seconds and value.
    """

    station: Recorded
    rules: Rules
    version: str
    begin: datetime
    end: datetime
    readings: int
    trials: tuple[Trial, ...]
    seen: tuple[Sequence[float], Sequence[float]] = ((), ())


def rules_of(station: Recorded, record: Record, proposal: Proposal) -> tuple[Ruled, ...]:
    """The rules of a proposal for one station, and since when; limits that are tried hold throughout."""
    if proposal.limits is not None:
        station = replace(station, limits=dict(proposal.limits), changes=())
    if proposal.sums is not None:
        station = replace(station, rain=proposal.sums)
    uses = ruled(station, interval(record.at))
    return tuple(Ruled(use.since, _tuned(use.rules, proposal)) for use in uses)


def _tuned(rules: Rules, proposal: Proposal) -> Rules:
    if proposal.calm is not None:
        rules = replace(rules, calm=proposal.calm)
    if proposal.hysteresis is None:
        return rules
    if rules.rain is not None:
        return replace(rules, rain=replace(rules.rain, hysteresis_share=proposal.hysteresis))
    if rules.quantity is Quantity.LEVEL:
        return replace(rules, hysteresis_cm=proposal.hysteresis)
    return replace(rules, hysteresis_share=proposal.hysteresis)


def tried(
    station: Recorded,
    records: Mapping[str, Record],
    stations: Mapping[str, Recorded],
    proposal: Proposal,
    odds: Odds,
) -> Tried | None:
    """Try a proposal on a station; None without readings or limits."""
    record = records[station.id]
    uses = rules_of(station, record, proposal)
    if not len(record) or not any(use.rules.has_degrees for use in uses):
        return None
    outcome = judge(station, record, uses)
    reference = judge(station, record)
    at = record.at
    standing, last = rules_then(reference.uses, at[-1]), rules_then(uses, at[-1])
    degrees = sorted({degree for use in uses for degree in _degrees(use.rules)})
    proposed = _proposed(station, uses)
    warned = _warned(proposed, records, stations, outcome, odds) if proposed.has_limits else {}
    trials = tuple(_trial(degree, (last, standing), outcome, reference, warned.get(degree, ())) for degree in degrees)
    seen = outcome.fallen if station.quantity is Quantity.RAIN else (outcome.heard.at, outcome.heard.value)
    return Tried(station, last, version(last), at[0], at[-1], len(record), trials, seen)


def rules_then(uses: Sequence[Ruled], at: datetime) -> Rules:
    """The rules that hold at a moment."""
    return [use.rules for use in uses if use.since is None or use.since <= at][-1]


def _proposed(station: Recorded, uses: Sequence[Ruled]) -> Recorded:
    """The station as it would be by the rules."""
    changes = tuple(Dated(use.since, dict(use.rules.limits)) for use in uses if use.since is not None)
    return replace(station, limits=dict(uses[0].rules.limits), rain=uses[0].rules.rain, changes=changes)


def _degrees(rules: Rules) -> set[Degree]:
    windows = () if rules.rain is None else rules.rain.windows
    return {*rules.limits, *(degree for window in windows for degree in window.limits)}


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
    degree: Degree, rules: tuple[Rules, Rules], outcome: Outcome, reference: Outcome, warned: tuple[Warned, ...]
) -> Trial:
    """`rules` are those tried and those that stand, at the end of the record."""
    last, standing = rules
    known = any(degree in _degrees(use.rules) for use in reference.uses)
    alerts = tuple(spans(outcome.transitions, degree))
    crossed = tuple(spans(reference.transitions, degree)) if known else ()
    again = sum(1 for a, b in pairwise(alerts) if a.end is not None and b.begin - a.end <= AGAIN)
    false = tuple(a.begin for a in alerts if not any(_meet(a, c) for c in crossed)) if known else ()
    leads = tuple((c.begin, _lead(alerts, c)) for c in crossed)
    limit, stands = last.limits.get(degree), standing.limits.get(degree)
    return Trial(degree, limit, stands, alerts, again, leads, false, warned, _sums(degree, last, standing))


def measured(trial: Trial) -> bool:
    """Whether the station has a limit of its own to measure the degree by."""
    return trial.reference is not None or any(other is not None for _, _, other in trial.sums) or bool(trial.crossings)


def _sums(degree: Degree, last: Rules, standing: Rules) -> tuple[tuple[int, float | None, float | None], ...]:
    """The limits of each window of rain, tried and standing, on ordinary ground."""
    tried_, stands = ({} if rules.rain is None else {w.minutes: w.limits for w in rules.rain.windows}
                      for rules in (last, standing))  # fmt: skip
    every = ((m, tried_.get(m, {}).get(degree), stands.get(m, {}).get(degree)) for m in sorted({*tried_, *stands}))
    return tuple((minutes, one, other) for minutes, one, other in every if (one, other) != (None, None))


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
    names = (*above(proposed.id, stations), *proposed.rain_gauges)
    outcomes = {proposed.id: outcome, **{name: judge(stations[name], records[name]) for name in names}}
    said = told(proposed, outcomes, {**stations, proposed.id: proposed}, odds)
    found: dict[Degree, tuple[Warned, ...]] = {}
    if said is None:
        return found
    for index, degree in enumerate(Degree(each) for each in said.degrees):
        crossed = [span.begin.timestamp() for span in spans(outcome.transitions, degree)]
        found[degree] = tuple(
            _count(horizon, episodes_judged(said.now[said.warn[:, index, column]], crossed, horizon, said.now[-1]))
            for column, horizon in enumerate(HORIZONS_MIN)
        )
    return found


def _count(horizon: int, judged: tuple[dict[float, float | None], list[float]]) -> Warned:
    leads, false = judged
    known = tuple(lead for lead in leads.values() if lead is not None)
    return Warned(horizon, known, len(leads) - len(known), len(false))
