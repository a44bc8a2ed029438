"""Whatever the order in which readings come, here and above: once all have come, the state is that of the order.

Laws, for readings that come late by up to five hours, twice, in any rounds, at the gauge and at the one above it
(ADR 0029):
1. When the last late reading has come, and not only with the next one: what is decided, where to start again and the
   forecast are those of the readings in order, to the byte.
2. People have been told at least of what is warned of.
3. Once nothing is expected any more, the readings that follow tell the same events, to the byte, and leave the same
   memory of what was told. (Where a degree still stands its chain is the one people know, ADR 0016.)
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import msgspec
import pytest

from alerting.engine.forecast_trained import Trained
from alerting.engine.replay import Use
from alerting.engine.rulebook import Rulebook
from alerting.foresee_again import Course, History, House, go_on
from alerting.foresee_who import Wanted
from alerting.past import BEFORE_ALL
from floodcore.network.model import Network
from floodcore.quality.door import of_value
from floodcore.quality.window import Sample
from floodcore.store import foresight, judging
from floodcore.store.foresight import Expectation, Memory, Outlook, Series, Told
from floodcore.store.judging import NewEvent
from floodcore.words import Quantity
from tests.engine.test_foresee import STEP, T0, station

RULEBOOK = Rulebook(Network(stations={"A": station("A", ("U",)), "U": station("U")}))
RULES = RULEBOOK.of("A", Quantity.LEVEL, T0)
HERE, ABOVE = 1, 2
Places = list[tuple[int, int]]


class Living:
    """A gauge foreseen as its readings and those of the one above it come, by the functions of the live house."""

    def __init__(self, levels: dict[int, list[float | None]]) -> None:
        self.levels, self.deliveries = levels, {HERE: 0, ABOVE: 0}
        empty = {n: History(self._series(n), [Use(0, BEFORE_ALL, RULES.rules, RULES.version)], []) for n in (1, 2)}
        self.histories = empty
        self.house = House(RULEBOOK, Trained(), [Wanted(ABOVE, "U", Quantity.LEVEL)], "these", self.histories)
        self.course = Course(Series(HERE, "A", "level", "cm", RULES.version, None, 0, None, None, None))

    def _series(self, number: int) -> judging.Series:
        name = "A" if number == HERE else "U"
        return judging.Series(number, name, "level", "cm", None, None, None, None, None, None, None, None)

    def bring(self, places: Places) -> None:
        """One delivery to each series there are readings of; what came before is a repetition."""
        for number in (HERE, ABOVE):
            history = self.histories[number]
            known = {sample.at for sample in history.samples}
            new = sorted({T0 + i * STEP: i for n, i in places if n == number and T0 + i * STEP not in known}.items())
            if not new:
                continue
            self.deliveries[number] += 1
            levels = self.levels[number]
            samples = [
                Sample(at, levels[i], *of_value(Quantity.LEVEL, levels[i]), self.deliveries[number]) for at, i in new
            ]
            ordered = sorted([*history.samples, *samples], key=lambda each: each.at)
            self.histories[number] = replace(history, samples=ordered)

    def foresee(self) -> None:
        """A round, with all that has come; no reading waits any more."""
        samples, series = self.histories[HERE].samples, self.course.series
        if not samples:
            return
        until, before = samples[-1].at, dict(self.memory.seen)
        seen = ((ABOVE, self.deliveries[ABOVE]),) if self.histories[ABOVE].samples else ()
        foreseen = series.foreseen_until
        late = foreseen is not None and any(
            each.delivery > since and each.at <= foreseen
            for number, since in ((HERE, series.foreseen_delivery), (ABOVE, before.get(ABOVE, 0)))
            for each in self.histories[number].samples
        )
        if late or foreseen is None or until > foreseen:
            go_on(self.house, self.course, until, self.deliveries[HERE], seen, again=late)

    @property
    def memory(self) -> Memory:
        return foresight.remembered(self.course.series.memory)

    @property
    def decided(self) -> tuple[object, ...]:
        """What law 1 speaks of; `seen`, `told` and `lived` are of the deliveries."""
        one, memory = self.course.series, self.memory
        return one.foreseen_until, one.issued_at, memory.since, memory.starts, one.outlook

    def told_after(self, at: datetime, *, chained: bool) -> list[tuple[NewEvent, Expectation]]:
        """The events after `at`; the chain is that of the degree people knew, where one still stood."""
        pairs = [pair for pair in self.course.events.values() if pair[0].at > at]
        return pairs if chained else [(replace(event, chain=""), said) for event, said in pairs]

    def told(self, *, chained: bool) -> Told | None:
        told = self.memory.told
        return told if told is None or chained else msgspec.structs.replace(told, chain="")

    def reached(self, at: datetime) -> int:
        """The degree people knew at `at`."""
        then = self.house.then(HERE, self.deliveries[HERE])
        return 0 if then is None else next((row.degree for row in reversed(then.told) if row.at <= at), 0)


def stretch(rng: random.Random, count: int, start: float) -> list[float | None]:
    """Water that rises in bursts, with leaps, spikes and readings that are missing."""
    level, pace, found = start, 0.0, list[float | None]()
    for _ in range(count):
        pace = 0.82 * pace + rng.choice((-2.5, -0.5, 0.5, 4.0))
        level = max(level + pace, 40.0)
        value = rng.choices([level, level + 150.0, 0.0, None], [93, 3, 2, 2])[0]
        found.append(None if value is None else round(value, 1))
    return found


def disordered(rng: random.Random, count: int) -> list[Places]:
    """Deliveries of readings of both gauges, each late by its own; some come twice."""
    reach = {HERE: rng.choice((0, 2, 8, 28)), ABOVE: rng.choice((0, 2, 8, 28))}
    order = sorted(
        ((n, i) for n in reach for i in range(count)), key=lambda place: place[1] + rng.uniform(0, reach[place[0]])
    )
    parts = list[Places]()
    while order:
        size = rng.randint(1, 8)
        parts.append(order[:size] + rng.sample(order[:size], 1) * (rng.random() < 0.1))
        order = order[size:]
    return parts


def check(seed: int) -> int:
    """All laws for one story; returns how many events it tells after the calm."""
    rng = random.Random(seed)
    count = rng.randint(18, 34)
    tail = [float(40 + n % 2) for n in range(42)]
    flood = [40.0 + 90.0 * min(1.0, n / 14) ** 2 for n in range(18)]
    levels = {
        number: [*stretch(rng, count, rng.choice((45.0, 66.0))), *tail, *(round(each, 1) for each in flood)]
        for number in (HERE, ABOVE)
    }
    whole = len(levels[HERE])
    ordered, other = Living(levels), Living(levels)
    ordered.bring([(n, i) for n in (ABOVE, HERE) for i in range(count)])
    ordered.foresee()
    for part in disordered(rng, count):
        other.bring(part)
        if rng.random() < 0.5:
            other.foresee()
    other.foresee()
    law_1(ordered, other)
    law_2(other)
    for one in (ordered, other):
        for i in range(count, whole):
            one.bring([(ABOVE, i), (HERE, i)])
            if i in (count, count + 41) or rng.random() < 0.1 or i == whole - 1:
                one.foresee()
    calm = T0 + (count + 40) * STEP
    assert (ordered.decided, ordered.memory.lived) == (other.decided, other.memory.lived), "in order again"
    chained = ordered.reached(calm) == other.reached(calm) == 0
    assert ordered.told(chained=chained) == other.told(chained=chained), "law 3"
    events = ordered.told_after(calm, chained=chained)
    assert events == other.told_after(calm, chained=chained), "law 3"
    return len(events)


def law_1(ordered: Living, other: Living) -> None:
    a, b = ordered.decided, other.decided
    if a[1] == b[1]:
        assert a == b
    else:  # what came late left no forecast since the start: the last one stays and is not of now
        assert (a[0], *a[2:4]) == (b[0], *b[2:4])
    # A reading believed then and not now was lived through all the same: people may have been told.
    lived, later = ordered.memory.lived, other.memory.lived
    assert lived is None or (later is not None and later >= lived)


def law_2(one: Living) -> None:
    series = one.course.series
    if series.outlook is None or series.issued_at != series.foreseen_until:
        return
    outlook, told = msgspec.json.decode(series.outlook, type=Outlook), one.memory.told
    then = one.house.then(HERE, one.deliveries[HERE])
    assert then is not None
    reached = then.told[-1].degree if then.told else 0
    highest = max((limit.degree for limit in outlook.limits if limit.warned and limit.degree > reached), default=0)
    assert highest <= (0 if told is None else told.degree)


def run(seeds: Sequence[int]) -> int:
    return sum(check(seed) for seed in seeds)


# Just over the first limit for one reading, then for two hours less than the hysteresis below it, and up again.
TOUCHED = [*[60.0] * 6, 64.0, 68.0, 72.0, 76.0, 79.0, 81.0, 79.5, 79.0, *[78.5] * 5, 78.8, 79.2, 79.6, 79.8, 79.9, 79.9]


def test_a_degree_told_late_is_held_from_where_it_was_reached() -> None:
    levels: dict[int, list[float | None]] = {HERE: [*TOUCHED], ABOVE: [40.0] * len(TOUCHED)}
    ordered, other, without = Living(levels), Living(levels), Living(levels)
    here = [(HERE, i) for i in range(len(TOUCHED))]
    for one, parts in (
        (ordered, [here]),
        (other, [here[:11] + here[12:], here[11:12]]),
        (without, [here[:11] + here[12:]]),
    ):
        for part in parts:
            one.bring(part)
            one.foresee()
    assert without.memory.starts != ordered.memory.starts, "it makes a difference"
    late = other.house.then(HERE, other.deliveries[HERE])
    assert late is not None
    assert [row.at for row in late.told] == [T0 + (len(TOUCHED) - 1) * STEP], "told as of the newest"
    law_1(ordered, other)


@pytest.mark.parametrize("first", [0, 10, 20])
def test_in_any_order_the_state_is_that_of_the_order(first: int) -> None:
    assert run(range(first, first + 10)) >= 10, "something is told after the calm"


@pytest.mark.long
@pytest.mark.timeout(14_400)
def test_ten_thousand_orders() -> None:
    assert run(range(10_000)) >= 10_000
