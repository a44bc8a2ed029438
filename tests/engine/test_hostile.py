"""Sequences that real gauges send on bad days, played through the judge: what is reached, and what residents hear."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.engine.judge import Job, Standing, walk
from alerting.engine.rules import Rules
from floodcore.quality.door import of_value
from floodcore.quality.window import Sample
from floodcore.words import Degree, Quantity

T0 = datetime(2026, 6, 1, tzinfo=UTC)
LIMITS = {Degree(1): 150.0, Degree(2): 200.0, Degree(3): 250.0}
Values = list[float | None]
CALM: Values = [100.0 + (n * 7 % 3) * 0.5 for n in range(18)]
RISE: Values = [100.0 + 12.0 * n for n in range(1, 14)]
FLOOD: Values = [*RISE, *(260.0 + 3.0 * n for n in range(20))]


def every_second(values: Values, false: float | None) -> Values:
    """Each value followed by a false one (or none)."""
    return [x for v in values for x in (v, None if false is None else false + (v or 0.0) % 3.0)]


def played(
    values: Values, every: float = 10.0, interval: float = 10.0, *, leap: int = 0
) -> tuple[list[int], list[int]]:
    """The degrees in turn, and what residents knew in turn; from sample `leap` on the clock is an hour ahead."""
    rules, standing = Rules(Quantity.LEVEL, timedelta(minutes=interval), LIMITS), Standing()
    times = [
        T0 + n * timedelta(minutes=every) + timedelta(hours=1 if leap and n >= leap else 0) for n in range(len(values))
    ]
    samples = [Sample(at, v, *of_value(Quantity.LEVEL, v)) for at, v in zip(times, values, strict=True)]
    degrees, firm = [0], [0]
    for walked in walk(Job(rules, standing, samples)):
        degree, known = int(walked.standing.degree), int(walked.standing.firm)
        degrees += [degree] if degree != degrees[-1] else []
        firm += [known] if known != firm[-1] else []
    return degrees[1:], firm[1:]


ALL = [1, 2, 3]
CASES: dict[str, tuple[Values, list[int], list[int]]] = {
    "swapped for a sensor that stands lower, in a flood": (
        [*CALM, *RISE, 256.0, 256.5, 256.0, *(196.0 + n % 3 * 0.5 for n in range(40))],
        [1, 2, 3, 2],
        [1, 2, 3, 2],
    ),
    "swapped for one that stands higher: what went before is told, the leap is not": (
        [*CALM, *RISE[:8], 196.0, 197.0, 196.0, *(297.0 + n % 2 * 0.5 for n in range(20))],
        [1, 3],
        [1],
    ),
    "lost on the rising limb, back lower and rising": (
        [*CALM, *RISE[:6], *[None] * 9, *(150.0 + 8.0 * n for n in range(14))],
        ALL,
        ALL,
    ),
    "low on the rising limb, back lower and rising": (
        [*CALM, *RISE[:6], *[-300.0, -301.0] * 5, *(150.0 + 8.0 * n for n in range(16))],
        ALL,
        ALL,
    ),
    "backwater of an ice jam, its release below, and the wave": (
        [*CALM, *(100.0 + 3.0 * n for n in range(1, 50)), 130.0, 128.0, 126.0, 124.0, 180.0, 260.0, 300.0, 310.0],
        ALL,
        ALL,
    ),
    "a release in one step that goes on": ([*CALM, 190.0, 192.5, *(194.0 + n % 2 for n in range(30))], [1], [1]),
    "a release in two steps": ([*CALM, 150.0, 152.0, 152.5, 152.0, 153.0, 200.0, 203.0, 204.0, 204.5], [1, 2], [2]),
    "zero for missing after each value of a flood": ([*CALM, *every_second(FLOOD, None)], ALL, ALL),
    "held at a limit, then the flood goes on": (
        [*CALM, *RISE[:4], *[150.0] * 30, 160.0, 175.0, 190.0, 205.0, 220.0, 240.0, 260.0],
        ALL,
        ALL,
    ),
    "held just below a limit, then loose where the flood is": (
        [*CALM, *RISE[:4], *[149.0] * 40, 190.0, 230.0, 260.0],
        [2, 3],
        [2, 3],
    ),
    "two values in turn around a limit": (
        [*CALM, *RISE[:4], *[148.0, 152.0] * 40, *(149.0 - n for n in range(20))],
        [1, 0],
        [1, 0],
    ),
    "no value at every second time": (every_second([*CALM, *FLOOD], None), ALL, ALL),
    "a low value at every second time of a flood": ([*CALM, *every_second(FLOOD, 20.0)], ALL, ALL),
    "a low value at every second time for hours, then a flood": (
        [*CALM, *every_second([*CALM * 2, *FLOOD], -40.0)],
        ALL,
        ALL,
    ),
    "low twice, and a flood right after": (
        [*CALM, *[-50.0, -51.0] * 4, 101.0, 100.0, 101.0, *[-50.0, -51.0] * 4, 140.0, 160.0,
         180.0, 205.0, 230.0, 259.0],
        ALL,
        ALL,
    ),
    "cleaned, back where it was, and a flash flood": (
        [*CALM, *[-50.0, -51.0] * 3, 101.0, 100.5, 260.0, 380.0, 450.0],
        [3],
        [3],
    ),
    "a crest of three equal values after a leap": ([*CALM, 104.0, 111.0, 158.0, 158.0, 158.0, 155.0], [1], []),
    "a leap that stays, and never moves": ([*CALM, *[160.0] * 30], [1], []),
    "a leap that stays for hours, then the flood goes on": (
        [*CALM, *[160.0] * 30, 164.0, 172.0, 185.0, 202.0, 225.0, 251.0],
        ALL,
        ALL,
    ),
    "one false value, said again and again": (
        [*CALM, *[x for n in range(5) for x in (400.0, 400.0, 101.0 + n % 2, 100.0, 101.0)]],
        [3],
        [],
    ),
    "a value repeated on the rise": (
        [*CALM, 101.0, 104.0, 109.0, 117.0, 128.0, 141.0, 141.0, 170.0, 182.0, 200.0, 222.0, 222.0, 262.0],
        ALL,
        ALL,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_reached_and_what_is_told(name: str) -> None:
    values, degrees, residents = CASES[name]
    assert played(values) == (degrees, residents)


def test_an_exact_zero_after_each_value_of_a_flood_hides_nothing() -> None:
    assert played([*CALM, *(x for v in FLOOD for x in (v, 0.0))]) == (ALL, ALL)


@pytest.mark.parametrize("leap", [20, 24, 30])
def test_a_clock_set_ahead_by_an_hour_in_a_rise_costs_no_degree(leap: int) -> None:
    assert played([*CALM, *FLOOD], leap=leap) == (ALL, ALL)


@pytest.mark.parametrize("per_minute", [1.5, 6.0, 18.0])
def test_a_gauge_of_a_minute_beside_rules_of_a_quarter_of_an_hour(per_minute: float) -> None:
    calm: Values = [100.0 + (n * 7 % 3) * 0.5 for n in range(120)]
    rise: Values = [100.0 + per_minute * n for n in range(1, round(170.0 / per_minute) + 2)]
    assert played([*calm, *rise], 1.0, 15.0) == (ALL, ALL)


@pytest.mark.parametrize(
    "high", [[310.0, 330.0, 318.0, 350.0, 385.0, 380.0], [586.0, 572.0, 575.0, 580.0, 580.0, 730.0, 718.0]]
)
def test_what_goes_back_after_it_lay_low_is_no_water_by_two_steps_alike(high: Values) -> None:
    for dead in ([-200.0, -202.0], [-200.0, -202.0, -199.0, -201.0, -200.0]):
        degrees, residents = played([*CALM, *dead, *high])
        assert degrees
        assert residents == []
