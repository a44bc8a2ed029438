"""Faults put into a stretch of a series. Each kind is a function of a seeded generator and the stretch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import inf, nan
from random import Random

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sent:
    """One reading on its way: when it arrives, the stamp it carries, its value, and what the river did then.

    `bad` marks what the fault touched; the other readings of the stretch are good ones.
    """

    arrives: datetime
    at: datetime
    value: float | None
    true: float
    bad: bool = False


Stretch = Sequence[Sent]
Fault = Callable[[Random, Stretch, int], list[Sent]]

_HALF = 0.5
_LEAPS = 0.3

# What loggers, protocols and people write for "no value", as centimetres or metres given in centimetres.
CODES = (-9999.0, -999.0, -999.9, -99.9, -99.0, 999.0, 999.9, 888.8, 9999.0, 327.67, 327.68, 655.35, 6553.5, 1e10)


def _touched(stretch: Stretch, start: int, values: Sequence[float | None]) -> list[Sent]:
    """The stretch with `values` in place of what was measured from `start` on."""
    sent = list(stretch)
    for i, value in enumerate(values[: len(sent) - start], start=start):
        sent[i] = replace(sent[i], value=value, bad=True)
    return sent


def _changed(
    stretch: Stretch, start: int, change: Callable[[int, float], float], last: int | None = None
) -> list[Sent]:
    """Every value from `start` up to `last` changed; the first argument of `change` counts from 0."""
    end = len(stretch) if last is None else min(last, len(stretch))
    return _touched(stretch, start, [change(i, stretch[start + i].true) for i in range(end - start)])


def _size(rng: Random, low: float, high: float) -> float:
    """A size of either sign, each order of magnitude as likely as the next."""
    size = float(low * (high / low) ** rng.random())
    return size if rng.random() < _HALF else -size


def spike(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """One value 30 to 600 cm off."""
    return _changed(stretch, start, lambda _, true: true + _size(rng, 30.0, 600.0), start + 1)


def pair(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """Two different values in a row, each 30 to 600 cm off."""
    return _changed(stretch, start, lambda _, true: true + _size(rng, 30.0, 600.0), start + 2)


def bump(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """One value 8 to 30 cm off: no more than the river itself may do in an interval."""
    return _changed(stretch, start, lambda _, true: true + _size(rng, 8.0, 30.0), start + 1)


def spikes(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """The same false value again and again, three to eight times with good ones between."""
    sent, false, i = list(stretch), stretch[start].true + _size(rng, 40.0, 500.0), start
    for _ in range(rng.randint(3, 8)):
        for _ in range(rng.randint(1, 3)):
            if i < len(sent):
                sent[i] = replace(sent[i], value=false, bad=True)
            i += 1
        i += rng.randint(1, 6)
    return sent


def stuck(_: Random, stretch: Stretch, start: int) -> list[Sent]:
    """The same value for the rest of the stretch."""
    held = stretch[start - 1].value
    return _touched(stretch, start, [held] * (len(stretch) - start))


def drift(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """Slowly away from the truth, 2 to 20 cm in a day."""
    pace = _size(rng, 2.0, 20.0) / DAY.total_seconds()
    first = stretch[start].at
    return _changed(stretch, start, lambda i, true: true + pace * (stretch[start + i].at - first).total_seconds())


def step(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """The zero moved by 15 to 100 cm, for good."""
    by = _size(rng, 15.0, 100.0)
    return _changed(stretch, start, lambda _, true: true + by)


def datum(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """Another datum: 1 to 8 m off, for good."""
    by = _size(rng, 100.0, 800.0)
    return _changed(stretch, start, lambda _, true: true + by)


def not_finite(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """One to five values that are no numbers."""
    return _touched(stretch, start, [rng.choice((nan, inf, -inf)) for _ in range(rng.randint(1, 5))])


def times(factor: float) -> Fault:
    """Another unit, for good."""

    def slip(_: Random, stretch: Stretch, start: int) -> list[Sent]:
        return _changed(stretch, start, lambda _, true: true * factor)

    return slip


def wrecked(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """The gauge falls, lies there a while, then babbles: high false values that wander and leap."""
    dead = stretch[start].true - rng.uniform(80.0, 400.0)
    lying, false = rng.randint(2, 12), rng.uniform(50.0, 700.0)
    values: list[float | None] = [dead + rng.gauss(0.0, 2.0) for _ in range(lying)]
    while len(values) < len(stretch) - start:
        false += rng.gauss(0.0, 8.0) if rng.random() >= _LEAPS else rng.gauss(0.0, 150.0)
        values.append(min(max(false, -300.0), 1500.0))
    return _touched(stretch, start, values)


def sentinel(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """A code for "no value", once or for up to twelve readings."""
    code = rng.choice(CODES)
    return _touched(stretch, start, [code] * rng.choice((1, 1, 2, 3, 6, 12)))


def zero(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """An exact zero for "missing": plateaus, or switching to and fro."""
    n = rng.choice((1, 2, 6, 30))
    if rng.random() < _HALF:
        return _touched(stretch, start, [0.0] * n)
    sent = list(stretch)
    for i in range(start, min(start + 2 * n, len(sent)), 2):
        sent[i] = replace(sent[i], value=0.0, bad=True)
    return sent


def swept_away(_: Random, stretch: Stretch, start: int) -> list[Sent]:
    """The gauge reports on, without a value."""
    return _touched(stretch, start, [None] * (len(stretch) - start))


def clock(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """The gauge's clock is wrong from `start` on: an hour, a day, its epoch, or it stands still."""
    kind = rng.choice(("hour ahead", "hour behind", "day ahead", "day behind", "1970", "2038", "stands"))
    sent, first = list(stretch), stretch[start].at
    shift = {"hour ahead": HOUR, "hour behind": -HOUR, "day ahead": DAY, "day behind": -DAY}.get(kind)
    for i in range(start, len(sent)):
        if shift is not None:
            at = sent[i].at + shift
        elif kind == "stands":
            at = first
        else:
            epoch = datetime(1970, 1, 1, tzinfo=UTC) if kind == "1970" else datetime(2038, 1, 19, tzinfo=UTC)
            at = epoch + (sent[i].at - first)
        sent[i] = replace(sent[i], at=at, bad=kind != "stands" or i > start)
    return sent


def duplicate(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """Readings sent twice, at once or minutes later; half of the second ones say something else."""
    sent: list[Sent] = []
    for i, one in enumerate(stretch):
        sent.append(one)
        if start <= i < start + 6 and one.value is not None:
            other = one.value + (_size(rng, 5.0, 300.0) if rng.random() < _HALF else 0.0)
            sent.append(replace(one, value=other, bad=True))
    return sent


def lapse(rng: Random, stretch: Stretch, start: int) -> list[Sent]:
    """The gauge lies 15 to 400 cm lower for 4 to 12 readings, begun up to 15 before: it rests, or follows the water."""
    by, count = abs(_size(rng, 15.0, 400.0)), rng.randint(4, 12)
    first = max(start - rng.randint(0, 15), 1)
    before, rests = stretch[first - 1].true, rng.random() < _HALF
    return _changed(
        stretch,
        first,
        lambda _, true: round((before if rests else true) - by + rng.gauss(0.0, 1.0), 1),
        first + count,
    )


KINDS: dict[str, Fault] = {
    "spike": spike,
    "two spikes": pair,
    "small bump": bump,
    "repeated spike": spikes,
    "stuck": stuck,
    "drift": drift,
    "step": step,
    "datum shift": datum,
    "not finite": not_finite,
    "times 10": times(10.0),
    "times 100": times(100.0),
    "a tenth": times(0.1),
    "a hundredth": times(0.01),
    "wrecked": wrecked,
    "sentinel": sentinel,
    "zero": zero,
    "swept away": swept_away,
    "clock": clock,
    "duplicate": duplicate,
}
