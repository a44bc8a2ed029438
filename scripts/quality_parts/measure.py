"""Injections counted: what was found and when, what was raised or lowered wrongly, what good readings suffered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import numpy as np

from floodcore.words import Degree, Flag, Quantity
from scripts.quality_parts.faults import KINDS, Fault, Sent, Stretch
from scripts.quality_parts.fold import Outcome, run
from scripts.quality_parts.rises import RISES
from scripts.quality_parts.tracks import Track

# How long a stretch goes on after the fault began, by kind; else half a day.
_AFTER_H = {"drift": 72.0, "spike": 6.0, "small bump": 6.0, "not finite": 6.0, "duplicate": 6.0, "sentinel": 8.0}
_LONG_H = 12.0
_LEAST_RISE_CM = 50.0
_BEFORE_H = 8.0
_DOUBTED = {Flag.SUSPECT, Flag.FAIL}
# A degree is false if the river was not at its limit within so many intervals of it.
_NEAR = 2

DRY, FLOOD = "dry", "flood"


@dataclass(slots=True)
class Found:
    """The counts of one kind of fault. `delay` in minutes from the first bad reading to the first doubt."""

    kind: str
    where: str
    injections: int = 0
    detected: int = 0
    bad: int = 0
    bad_flagged: int = 0
    good: int = 0
    good_flagged: int = 0
    false_degrees: int = 0
    false_told: int = 0
    false_falls: int = 0
    delay: list[float] = field(default_factory=list)
    by_test: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Risen:
    """The counts of one kind of genuine rise. `delay` in intervals, one for each limit crossed."""

    kind: str
    rises: int = 0
    suppressed: int = 0
    readings: int = 0
    flagged: int = 0
    delay: list[int] = field(default_factory=list)
    untold: int = 0
    told_delay: list[int] = field(default_factory=list)
    """Of residents: in intervals after the degree, one for each limit crossed."""


def faults(tracks: Sequence[Track], kind: str, where: str, count: int, seed: int) -> Found:
    """Put `count` faults of `kind` into dry or wet stretches of the tracks."""
    rng = Random(f"{seed} {kind} {where}")  # noqa: S311 - seeded on purpose
    found, able = Found(kind, where), _able(tracks, where)
    for _ in range(count):
        one = rng.choice(able)
        cut = _stretch(rng, one, where, _AFTER_H.get(kind, _LONG_H))
        if cut is None:
            continue
        stretch, start = cut
        sent = KINDS[kind](rng, stretch, start)
        _count(found, one, stretch, sent, run(stretch, one.quantity, one.step, one.limits, one.rates))
    return found


def rises(tracks: Sequence[Track], kind: str, count: int, seed: int, fault: Fault | None = None) -> Risen:
    """Lay `count` genuine rises upon dry stretches; with `fault` each has one in it."""
    rng = Random(f"{seed} {kind}")  # noqa: S311 - seeded on purpose
    risen, able = Risen(kind), _able(tracks, DRY)
    for _ in range(count):
        one = rng.choice(able)
        cut = _stretch(rng, one, DRY, 20.0)
        if cut is None:
            continue
        stretch, start = cut
        sent = RISES[kind](rng, stretch, start)
        _risen(risen, one, sent if fault is None else fault(rng, sent, start + rng.randint(0, 6)), start)
    return risen


def _able(tracks: Sequence[Track], where: str) -> list[Track]:
    """Tracks that have such places; only of rivers that rose by half a metre at least."""
    high = [one for one in tracks if _rose(one)]
    return [one for one in high if (one.dry if where == DRY else one.flood).size]


def _rose(one: Track) -> bool:
    return one.limits[Degree(3)] - one.limits[Degree(1)] >= _LEAST_RISE_CM / 2.0


def _stretch(rng: Random, one: Track, where: str, after_h: float) -> tuple[Stretch, int] | None:
    """A stretch around a random place, and the index of the place; None where the record is too short."""
    place = int(rng.choice(one.dry if where == DRY else one.flood))
    before = max(24, round(_BEFORE_H * 3600.0 / one.step.total_seconds()))
    first, last = place - before, place + max(24, round(after_h * 3600.0 / one.step.total_seconds()))
    if first < 0 or last > len(one.at):
        place = min(max(place, before), len(one.at) - (last - place))
        first, last = place - before, place + (last - first) - before
    if first < 0:
        return None
    sent = [_sent(one, i) for i in range(first, last)]
    return (sent, before) if all(np.isfinite(s.true) for s in sent) else None


def _sent(one: Track, i: int) -> Sent:
    value = float(one.value[i])
    return Sent(one.at[i] + timedelta(seconds=20), one.at[i], value, value)


def _count(found: Found, one: Track, stretch: Stretch, sent: Sequence[Sent], clean: Outcome) -> None:
    """Compare the stretch with a fault to the same one without."""
    outcome = run(sent, one.quantity, one.step, one.limits, one.rates)
    suspected = {s.at for s, flag in zip(stretch, clean.flag, strict=True) if flag in _DOUBTED}
    bad = [i for i, s in enumerate(sent) if s.bad]
    good = [i for i, s in enumerate(sent) if not s.bad and s.at not in suspected]
    found.injections += 1
    found.bad += len(bad)
    found.bad_flagged += sum(outcome.flag[i] is not Flag.GOOD for i in bad)
    found.good += len(good)
    wrongly = [i for i in good if outcome.flag[i] in _DOUBTED]
    found.good_flagged += len(wrongly)
    doubted = [outcome.doubted_at[i] for i in bad if i in outcome.doubted_at]
    if doubted:
        found.detected += 1
        found.delay.append((min(doubted) - sent[bad[0]].arrives).total_seconds() / 60.0)
    for i in bad:
        found.by_test[outcome.test[i]] = found.by_test.get(outcome.test[i], 0) + 1
    found.false_degrees += any(_false(one, stretch, sent[i], degree) for i, degree in outcome.rises)
    found.false_told += any(_false(one, stretch, sent[i], degree) for i, degree in outcome.told)
    found.false_falls += any(_lowered(stretch, clean, sent[i], degree) for i, degree in outcome.falls)


def _false(one: Track, stretch: Stretch, at: Sent, degree: Degree) -> bool:
    near = _NEAR * one.step
    return not any(s.true >= one.limits[degree] for s in stretch if abs(s.arrives - at.arrives) <= near)


def _lowered(stretch: Stretch, clean: Outcome, at: Sent, degree: Degree) -> bool:
    """Whether the degree fell while, without the fault, it would have stood higher."""
    return any(d > degree for s, d in zip(stretch, clean.degree, strict=True) if s.arrives == at.arrives)


def _risen(risen: Risen, one: Track, sent: Sequence[Sent], start: int) -> None:
    base = sent[start - 1].true
    top = max(s.true for s in sent[start:])
    limits = {Degree(n): base + share * (top - base) for n, share in enumerate((0.25, 0.5, 0.75), start=1)}
    outcome = run(sent, one.quantity, one.step, limits, one.rates)
    risen.rises += 1
    suppressed = untold = False
    for degree, limit in limits.items():
        due = next((i for i, s in enumerate(sent) if i >= start and not s.bad and s.true >= limit), None)
        if due is None:  # no good reading shows it: nobody could have told
            continue
        came = next((i for i, d in enumerate(outcome.degree) if i >= start and d >= degree), None)
        if came is None:
            suppressed = True
        else:
            risen.delay.append(max(came - due, 0))
            told = next((i for i, d in outcome.told if i >= start and d >= degree), None)
            untold = untold or told is None
            risen.told_delay += [] if told is None else [told - came]
    risen.suppressed += suppressed
    risen.untold += untold
    good = [i for i, s in enumerate(sent) if i >= start and not s.bad]
    risen.readings += len(good)
    risen.flagged += sum(outcome.flag[i] in _DOUBTED for i in good)


def untouched(tracks: Sequence[Track], told: Callable[[str], None]) -> tuple[int, dict[str, int]]:
    """The whole records as they are: readings, and flagged ones by test. Each flagged one is told.

    Rivers that rose by less than half a metre have no limits: a degree that begins 7 cm above the median is none.
    """
    total, tests = 0, dict[str, int]()
    for one in tracks:
        sent = _whole(one)
        limits = one.limits if one.quantity is not Quantity.LEVEL or _rose(one) else {}
        outcome = run(sent, one.quantity, one.step, limits, one.rates)
        total += len(sent)
        for s, flag, test in zip(sent, outcome.flag, outcome.test, strict=True):
            if flag in _DOUBTED:
                tests[test] = tests.get(test, 0) + 1
                told(f"{one.name} {s.at:%Y-%m-%dT%H:%M} {s.value} {flag.name.lower()} {test}")
    return total, tests


def timely(tracks: Sequence[Track]) -> tuple[dict[int, int], int]:
    """Of the rises of degree in whole records, how many came so many readings after the first at the limit.

    And how often a limit was reached for three readings or more without its degree in force.
    """
    delays, missed = dict[int, int](), 0
    for one in tracks:
        if one.quantity is Quantity.LEVEL and not _rose(one):
            continue
        outcome = run(_whole(one), one.quantity, one.step, one.limits, one.rates)
        for place, degree in outcome.rises:
            first = place
            while first > 0 and not one.value[first - 1] < one.limits[degree]:
                first -= 1
            late = int(np.isfinite(one.value[first:place]).sum())
            delays[late] = delays.get(late, 0) + 1
        for degree, limit in one.limits.items():
            reached = np.flatnonzero(one.value >= limit)
            for spell in np.split(reached, np.flatnonzero(np.diff(reached) > 1) + 1):
                missed += spell.size > _NEAR and all(outcome.degree[i] < degree for i in spell)
    return dict(sorted(delays.items())), missed


def _whole(one: Track) -> list[Sent]:
    pairs = zip(one.at, one.value, strict=True)
    return [Sent(at, at, None if np.isnan(v) else float(v), float(v)) for at, v in pairs]
