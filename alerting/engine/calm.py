"""The short way of a sample on which nothing happens: believed for its step is ordinary, and no degree changes. Pure.

Most samples are of this kind, and the checks, the lifecycle and the proof (`judge.walk`, the long way) ask of each what
only few need. The short way asks just enough to know that none of it applies and answers with the same standing, to the
byte; where it does not know it says nothing and the long way judges (ADR 0028, tests/engine/test_calm.py). So it may
ask too much and never too little: what it does not cover, doubts, proofs, rain, changes of degree, is not its business.
"""

from datetime import datetime, timedelta

from alerting.engine import lifecycle, thresholds
from alerting.engine.lifecycle import Evidence, State
from alerting.engine.rules import Rules
from alerting.engine.standing import Standing, kept
from floodcore.quality.codes import CODES
from floodcore.quality.memory import Memory, Point, Sample
from floodcore.quality.pace import SHORTEST_STEP_MIN, decayed, ordinary
from floodcore.quality.spikes import OUT_CM, OUT_LEAST, stood_out
from floodcore.quality.still import FORGOTTEN, LONGEST_DWELL_MIN, is_stuck
from floodcore.words import Degree, Flag, Quantity

_MINUTE = timedelta(minutes=1)
# A rise is measured against at most an hour of silence (floodcore.quality.pace); a fall less strictly.
_REACH_MIN = 60.0
_GOOD, _NONE, _LEVEL = Flag.GOOD, Degree.NONE, Quantity.LEVEL


def go_on(standing: Standing, sample: Sample, rules: Rules, seconds: float) -> Standing | None:
    """The standing after `sample`, of `seconds` since 1970, on which nothing happens; None if something may.

    The verdict on the sample is then good and the only one, it is believed, and there is no change to tell.
    """
    at, value, life = sample.at, sample.value, standing.life
    if (
        value is None
        or standing.proof is not None
        or standing.told is not None
        or standing.rain is not None
        or sample.flag is not _GOOD
        or sample.test
        or not rules.stepwise
    ):
        return None
    point = Point(at, value)
    memory = _plain(standing.memory, point, rules, flooded=life.degree is not _NONE)
    if memory is None:
        return None
    if rules.limits:
        unchanged = _unchanged(life, point, rules)
        if unchanged is None:
            return None
        life = unchanged
    points = kept(standing.points, seconds, value, rules)
    return Standing(memory, life, points, int(seconds) // 3600, None, None, standing.vouched)


def _plain(memory: Memory, point: Point, rules: Rules, *, flooded: bool) -> Memory | None:
    """The memory of the checks after a value in reach of the last one, with nothing in doubt; None otherwise."""
    good, value, at = memory.good, point.value, point.at
    if good is None or memory.last is not None or memory.before is not None or memory.trouble != 0.0:
        return None
    if value == 0.0 or value in CODES:
        return None
    earlier, was, quantity = memory.earlier, good.value, rules.quantity
    change, gone = value - was, at - good.at
    # the same quotient as that of two timedeltas, which is slow
    minutes = gone / _MINUTE if gone.microseconds else (gone.days * 86_400 + gone.seconds) / 60
    size, own, within = abs(change), rules.rates.fall, minutes
    if change > 0.0:
        own, within = rules.rates.rise, min(_REACH_MIN, minutes)
    if not size <= own * ordinary(quantity, was, within):
        return None
    least = OUT_CM if quantity is _LEVEL else OUT_LEAST
    if size >= least and earlier is not None and stood_out(memory, point, quantity):
        return None
    # conditions where min and max would do: they are a quarter of the time
    pace = decayed(memory.pace, minutes)
    step = size / minutes if minutes > SHORTEST_STEP_MIN else size / SHORTEST_STEP_MIN
    if not pace > step:
        pace = step
    if change == 0.0:
        if is_stuck(memory, good, point, quantity, flooded=flooded):
            return None
        since, count, moved, dwell = memory.same_since, memory.same_count + 1, memory.moved, memory.dwell
    else:
        since, count, moved, dwell = at, 1, change, _dwelt(memory, good, at, minutes)
    return Memory(
        point, pace, None, 0.0, 0, 0, None, since, count, good, memory.pace, 0.0, None, memory.jumped, moved, dwell
    )


def _dwelt(memory: Memory, good: Point, at: datetime, minutes: float) -> float:
    """As `floodcore.quality.still.dwelt` of a value that changed; the last one was believed `minutes` ago."""
    since = memory.same_since
    if since is None:
        return memory.dwell
    stood, remembered = minutes if since == good.at else (at - since) / _MINUTE, FORGOTTEN * memory.dwell
    if not stood < LONGEST_DWELL_MIN:
        stood = LONGEST_DWELL_MIN
    return remembered if not stood > remembered else stood


def _unchanged(life: State, point: Point, rules: Rules) -> State | None:
    """The life of a gauge that stays at its degree; None if it does not."""
    at, value, degree, heard, below = point.at, point.value, life.degree, life.evidence_at, life.below
    reached = held = _NONE
    if not value < rules.calm_below:
        reached, held = thresholds.reached(rules.ladder, value), thresholds.held(rules.ladder, value)
    # The clocks of the degrees up to the held one stand, those above run: with the same one held they stay as they are.
    same = (held == 0 or below[held - 1] is None) and (held == len(below) or below[held] is not None)
    if same and reached <= degree <= held and heard is not None and heard < at and at - heard <= rules.gap:
        return State(degree, life.since, below, at)
    after, transitions = lifecycle.step(life, Evidence(at, reached, held), rules.calm, rules.gap)
    return None if transitions else after
