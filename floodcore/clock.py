"""The clock of the data. In operation it is the wall clock; a demo or replay may shift and speed it.

Only what belongs to the data (age of a value, freshness, validity of a message) asks this clock.
Time-outs, retries and back-off belong to the machine and use real seconds.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_WORK = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Clock:
    """Data time = `origin` + `speed` x (wall time - `anchor`). The default is the wall clock itself."""

    origin: datetime | None = None
    anchor: datetime | None = None
    speed: float = 1.0

    def now(self) -> datetime:
        """Data time now, aware UTC."""
        return self.at(datetime.now(UTC))

    def at(self, wall: datetime) -> datetime:
        """Data time at the moment `wall` of the wall clock, aware UTC."""
        if self.origin is None or self.anchor is None:
            return wall
        return self.origin + (wall - self.anchor) * self.speed

    def settled(self) -> datetime:
        """Data time up to which the house has surely seen what came, however fast the clock runs.

        On the wall clock it is now. On a faster one the few seconds that a poll, a commit and a judgement
        take on a busy machine are minutes of data time, and are no silence of the gauges.
        """
        return self.now() - max(0.0, self.speed - 1.0) * _WORK

    def real_seconds(self, data_seconds: float) -> float:
        """How long `data_seconds` of data time last on the wall."""
        return data_seconds / self.speed

    @property
    def synthetic(self) -> bool:
        """Whether this clock is not the wall clock, so nothing here may look like the present."""
        return self.origin is not None

    def as_text(self) -> str:
        """The form `parse` reads back: `origin@anchor*speed`, or empty for the wall clock."""
        if self.origin is None or self.anchor is None:
            return ""
        return f"{self.origin.isoformat()}@{self.anchor.isoformat()}*{self.speed}"


def parse(text: str) -> Clock:
    """Read `HLADINA_CLOCK`: empty, or `origin@anchor*speed` with two ISO times and a number.

    Raises:
        ValueError: the text is neither.
    """
    if not text:
        return Clock()
    try:
        moments, speed = text.rsplit("*", 1)
        origin, anchor = moments.split("@")
        clock = Clock(datetime.fromisoformat(origin), datetime.fromisoformat(anchor), float(speed))
        _ = datetime.now(UTC) - clock.now()  # fails on a data time without a zone, too
    except (ValueError, TypeError, OverflowError):
        message = f"HLADINA_CLOCK: {text!r} is not origin@anchor*speed (two ISO times with zone, a number)"
        raise ValueError(message) from None
    if clock.speed <= 0:
        message = f"HLADINA_CLOCK: speed must be positive, got {clock.speed}"
        raise ValueError(message)
    return clock
