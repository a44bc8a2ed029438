"""The picture of a trial as SVG: the record, the limits tried and standing, when each degree would have stood. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape

import numpy as np
from numpy.typing import NDArray

from floodcore.words import Quantity
from hladina.lab import Trial, Tried

Array = NDArray[np.float64]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 900.0, 320.0, 64.0, 64.0, 16.0, 30.0
_ROW = 18.0
_POINTS = 1800
_COLOURS = ("#b7c9d6", "#b58900", "#d2691e", "#c23b4e", "#7a2f7d")
_DAY_S = 86_400.0


def picture(one: Tried, title: str, unit: str) -> str:
    """The picture; of rain the sum of its shortest window. Dashed: what stands; drawn out: what was tried.

    `title` is plain text: it is escaped here.
    """
    at, value, window = _series(one)
    lines = [line for trial in one.trials for line in _limits(trial, window)]
    high = max([float(value.max()) if value.size else 1.0, *(limit for _, limit, _ in lines)])
    low = 0.0 if one.station.quantity is Quantity.RAIN or not value.size else float(min(value.min(), high - 1.0))
    begin, end = one.begin.timestamp(), max(one.end.timestamp(), one.begin.timestamp() + 1.0)

    def x(moment: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (moment - begin) / (end - begin)

    def y(level: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (level - low) / (1.05 * (high - low) or 1.0)

    keep = _kept(value)
    path = " ".join(f"{x(t):.1f},{y(v):.1f}" for t, v in zip(at[keep].tolist(), value[keep].tolist(), strict=True))
    height = _HEIGHT + _ROW * len(one.trials)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" '
        f'font-family="sans-serif" font-size="12" fill="currentColor"><title>{escape(title)}</title>'
    )
    parts = [
        head,
        *(_level(y(level), level, unit) for level in _ticks(low, high)),
        *(_day(x(day), day) for day in _days(begin, end)),
        *(_line(y(limit), limit, degree, tried=tried) for degree, limit, tried in lines),
        f'<polyline points="{path}" fill="none" stroke="#1f77b4" stroke-width="1.5"/>',
    ]
    for row, trial in enumerate(one.trials):
        top = _HEIGHT + _ROW * row
        parts.append(f'<text x="{_LEFT - 6:.0f}" y="{top + 11:.0f}" text-anchor="end">{int(trial.degree)}</text>')
        for span in trial.alerts:
            left, right = x(span.begin.timestamp()), x(end if span.end is None else span.end.timestamp())
            fill = "none" if span.begin in set(trial.false) else _COLOURS[trial.degree]
            parts.append(
                f'<rect x="{left:.1f}" y="{top:.0f}" width="{max(right - left, 2.0):.1f}" height="{_ROW - 4:.0f}" '
                f'fill="{fill}" stroke="{_COLOURS[trial.degree]}"/>'
            )
    return "\n".join([*parts, "</svg>"])


def _series(one: Tried) -> tuple[Array, Array, int]:
    """Times and values to draw, and the minutes of the rain sum (0: no rain)."""
    at, value = np.array(one.seen[0], dtype=np.float64), np.array(one.seen[1], dtype=np.float64)
    if one.station.quantity is not Quantity.RAIN or one.rules.rain is None:
        return at, value, 0
    minutes = one.rules.rain.windows[0].minutes
    total = np.concatenate([[0.0], np.cumsum(value)])
    first = np.searchsorted(at, at - 60.0 * minutes, side="right")
    return at, total[1:] - total[first], minutes


def _limits(trial: Trial, window: int) -> Iterator[tuple[int, float, bool]]:
    """(degree, limit, whether it was tried or stands) to draw."""
    pairs = [(trial.limit, trial.reference)] if not trial.sums else [(a, b) for m, a, b in trial.sums if m == window]
    for tried, stands in pairs:
        if stands is not None:
            yield int(trial.degree), stands, False
        if tried is not None:
            yield int(trial.degree), tried, True


def _line(y: float, limit: float, degree: int, *, tried: bool) -> str:
    dash = "" if tried else ' stroke-dasharray="6 4"'
    named = f'<text x="{_WIDTH - _RIGHT + 4:.0f}" y="{y + 4:.1f}">{degree}: {limit:g}</text>' if tried else ""
    place = f'x1="{_LEFT:.0f}" x2="{_WIDTH - _RIGHT:.0f}" y1="{y:.1f}" y2="{y:.1f}"'
    return f'<line {place} stroke="{_COLOURS[degree]}"{dash}/>{named}'


def _level(y: float, level: float, unit: str) -> str:
    return f'<text x="{_LEFT - 6:.0f}" y="{y + 4:.1f}" text-anchor="end">{level:g} {unit}</text>'


def _day(x: float, day: float) -> str:
    bottom, said = _HEIGHT - _BOTTOM, f"{datetime.fromtimestamp(day, UTC):%Y-%m-%d}"
    place = f'x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP:.0f}" y2="{bottom:.0f}"'
    return (
        f'<line {place} stroke="currentColor" stroke-opacity=".15"/>'
        f'<text x="{x:.1f}" y="{bottom + 16:.0f}" text-anchor="middle">{said}</text>'
    )


def _days(begin: float, end: float) -> list[float]:
    """Six days at most."""
    step = _DAY_S * max(1.0, np.ceil((end - begin) / _DAY_S / 6.0))
    found: list[float] = np.arange(np.ceil(begin / _DAY_S) * _DAY_S, end, step).tolist()
    return found


def _ticks(low: float, high: float) -> list[float]:
    """Four or five round values."""
    rough = (high - low) / 4.0 or 1.0
    size = 10.0 ** np.floor(np.log10(rough))
    step = next(each * size for each in (1.0, 2.0, 5.0, 10.0) if each * size >= rough)
    found: list[float] = np.arange(np.ceil(low / step) * step, high + step / 2.0, step).round(6).tolist()
    return found


def _kept(value: Array) -> NDArray[np.intp]:
    """All of a short record; of a long one the lowest and highest of each stretch, so that no peak is lost."""
    if value.size <= _POINTS:
        return np.arange(value.size)
    parts = np.array_split(np.arange(value.size), _POINTS // 2)
    return np.unique([i for part in parts for i in (part[value[part].argmin()], part[value[part].argmax()])])
