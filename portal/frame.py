"""The frame of a hydrograph: from time and value to pixels, and where the ticks stand. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor, log10

from portal.localtime import local

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Frame:
    """A plot of `width` x `height` pixels whose inside shows [start, end] x [low, high]."""

    width: int
    height: int
    start: datetime
    end: datetime
    low: float
    high: float
    left: int = 44
    right: int = 92
    top: int = 14
    bottom: int = 38

    def x(self, moment: datetime) -> float:
        """Pixels from the left; clamped to the plot."""
        share = (moment - self.start) / (self.end - self.start)
        return round(self.left + min(max(share, 0.0), 1.0) * (self.width - self.left - self.right), 1)

    def y(self, value: float) -> float:
        """Pixels from the top; clamped to the plot, so that an impossible value cannot leave the picture."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.height - self.bottom - min(max(share, 0.0), 1.0) * (self.height - self.top - self.bottom), 1)

    @property
    def floor_y(self) -> int:
        """The lower edge of the plot."""
        return self.height - self.bottom

    @property
    def right_x(self) -> int:
        """The right edge of the plot."""
        return self.width - self.right


def value_range(values: Iterable[float], limits: Sequence[float], *, from_zero: bool) -> tuple[float, float]:
    """The range to show: all values, the limits up to the first two above the highest value, some air."""
    known = list(values)
    top = max(known, default=None)
    above = [limit for limit in sorted(limits) if top is None or limit > top]
    shown = known + [limit for limit in limits if limit not in above[2:]]
    if not shown:
        return (0.0, 1.0)
    low, high = min(shown), max(shown)
    if from_zero:
        low = min(low, 0.0)
    air = max((high - low) * 0.08, 1.0 if not from_zero else 0.5)
    return (low if from_zero and low == 0.0 else low - air, high + air)


def value_ticks(low: float, high: float, wanted: int) -> list[float]:
    """Round values inside [low, high], about `wanted` of them."""
    rough = (high - low) / max(wanted, 1)
    scale = 10.0 ** floor(log10(rough))
    step = next(scale * step for step in _STEPS if scale * step >= rough)
    return [round(step * n, 6) for n in range(ceil(low / step), floor(high / step) + 1)]


def time_ticks(start: datetime, end: datetime, every_h: int) -> list[datetime]:
    """The moments at which the wall clock shows a full hour divisible by `every_h`, on any side of a clock change."""
    tick = start.replace(minute=0, second=0, microsecond=0)
    ticks = []
    while tick <= end:
        wall = local(tick)
        if tick >= start and wall.hour % every_h == 0 and wall.minute == 0 and not (wall.fold and wall.hour % every_h):
            ticks.append(tick)
        tick += _HOUR
    return ticks


def apart(positions: Sequence[float], distance: float) -> list[float]:
    """Move labels given from bottom to top (falling pixels) so that none stands closer than `distance` to the last."""
    placed: list[float] = []
    for position in positions:
        placed.append(position if not placed else min(position, placed[-1] - distance))
    return placed
