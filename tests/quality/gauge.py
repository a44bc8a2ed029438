"""A gauge for the tests of the window: feeds samples and keeps what became of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from floodcore.quality.door import of_value
from floodcore.quality.window import Checked, Memory, Sample, check
from floodcore.words import Flag, Quantity

T0 = datetime(2026, 6, 1, tzinfo=UTC)
CALM = [50.0, 51.0, 50.5, 51.5, 50.0, 51.0]


class Gauge:
    """Feeds samples and keeps what became of them."""

    def __init__(self, quantity: Quantity = Quantity.LEVEL, *, flooded: bool = False) -> None:
        self.quantity, self.flooded = quantity, flooded
        self.memory, self.now = Memory(), T0
        self.flags: dict[datetime, tuple[Flag, str]] = {}
        self.believed: list[tuple[datetime, float]] = []
        self.delay: dict[datetime, int] = {}
        self.count = 0

    def feed(self, values: Sequence[float | None], every: float = 10.0) -> list[tuple[Flag, str]]:
        """The verdicts that stand after all of `values`, one for each."""
        fed = []
        for value in values:
            self.now += timedelta(minutes=every)
            self.count += 1
            fed.append(self.now)
            self._take(check(self.memory, self._sample(value), self.quantity, flooded=self.flooded))
        return [self.flags[at] for at in fed]

    def _sample(self, value: float | None) -> Sample:
        return Sample(self.now, value, *of_value(self.quantity, value))

    def _take(self, checked: Checked) -> None:
        self.memory = checked.memory
        for verdict in checked.verdicts:
            self.flags[verdict.at] = verdict.flag, verdict.test
        for point in checked.believed:
            self.believed.append((point.at, point.value))
            self.delay[point.at] = round((self.now - point.at) / timedelta(minutes=1))


def good(verdicts: Sequence[tuple[Flag, str]]) -> list[bool]:
    return [flag is Flag.GOOD for flag, _ in verdicts]


def healthy(quantity: Quantity = Quantity.LEVEL) -> Gauge:
    gauge = Gauge(quantity)
    gauge.feed(CALM)
    return gauge
