"""Pictures of a hindcast as SVG: hydrographs with limits, degrees and warnings, and the reliability diagram. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.lifecycle import Transition
from hladina.foresight import Told
from hladina.judged import Heard

Array = NDArray[np.float64]

_WIDTH, _HEIGHT, _EDGE = 1000.0, 420.0, 60.0
_STRIP = 14.0
_POINTS = 4000
_COLOURS = ("#b7c9d6", "#e8c95a", "#e08a3c", "#c23b4e", "#7a2f7d")
_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif" '
    'font-size="12"><rect width="100%" height="100%" fill="white"/><title>{title}</title>'
    '<text x="{edge:.0f}" y="22" font-size="15">{title}</text>'
)
_WARNED_COLUMN = 1
_PAUSE_S = 3600.0


def hydrograph(
    name: str, heard: Heard, said: Told, limits: tuple[Array, str], transitions: Sequence[Transition]
) -> str:
    """What a station measured with its limits, the degree reached, and when the limit was warned of an hour ahead.

    `limits`: those of `said` in the unit of `heard.value`, (moments, degrees), and that unit's name.
    """
    at, values = np.array(heard.at), np.array(heard.value)
    low = float(min(values.min(), np.nanmin(limits[0])))
    high = float(max(values.max(), np.nanmax(limits[0])))
    plot = _Plot(float(at[0]), float(max(at[-1], at[0] + 1.0)), low, high + 0.05 * (high - low + 1.0))
    keep = _kept(values)
    path = " ".join(f"{plot.x(t):.1f},{plot.y(v):.1f}" for t, v in zip(at[keep], values[keep], strict=True))
    parts = [
        _HEAD.format(width=_WIDTH, height=_HEIGHT + _STRIP * (len(said.degrees) + 2), title=escape(name), edge=_EDGE),
        *_days(plot),
        *_limits(plot, said, *limits),
        f'<polyline points="{path}" fill="none" stroke="#1f5f8b" stroke-width="1.4"/>',
        *_degrees(plot, transitions),
        *_warnings(plot, said),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Plot:
    """From time in seconds and value to the picture."""

    def __init__(self, begin: float, end: float, low: float, high: float) -> None:
        self.begin, self.end, self.low, self.high = begin, end, low, high

    def x(self, at: float) -> float:
        return _EDGE + (_WIDTH - 2 * _EDGE) * (at - self.begin) / (self.end - self.begin)

    def y(self, value: float) -> float:
        return _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * (value - self.low) / (self.high - self.low)

    def bar(self, begin: float, end: float, row: int, colour: str, said: str) -> str:
        left, right, top = self.x(begin), self.x(end), _HEIGHT - _EDGE / 2 + row * _STRIP
        return (
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 1.5):.1f}" height="{_STRIP - 3:.0f}" '
            f'fill="{colour}"><title>{escape(said)}</title></rect>'
        )

    def name(self, row: int, said: str) -> str:
        top = _HEIGHT - _EDGE / 2 + row * _STRIP + _STRIP - 4
        return f'<text x="{_EDGE - 4:.0f}" y="{top:.1f}" text-anchor="end" font-size="10">{escape(said)}</text>'


def _kept(values: Array) -> NDArray[np.intp]:
    """All of a short record; of a long one the lowest and highest of each stretch, so that no peak is lost."""
    if values.size <= _POINTS:
        return np.arange(values.size)
    parts = np.array_split(np.arange(values.size), _POINTS // 2)
    return np.unique([i for part in parts for i in (part[values[part].argmin()], part[values[part].argmax()])])


def _days(plot: _Plot) -> Iterator[str]:
    step = 86_400.0 * max(1, round((plot.end - plot.begin) / 86_400.0 / 12))
    first = np.ceil(plot.begin / 86_400.0) * 86_400.0
    for at in np.arange(first, plot.end, step).tolist():
        x = plot.x(at)
        yield (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_EDGE:.0f}" y2="{_HEIGHT - _EDGE:.0f}" stroke="#eee"/>'
            f'<text x="{x:.1f}" y="{_HEIGHT - _EDGE + 14:.0f}" text-anchor="middle" font-size="10">'
            f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}</text>"
        )


def _limits(plot: _Plot, said: Told, every: Array, unit: str) -> Iterator[str]:
    """A line for each limit as long as it held, its value above the right end of the last."""
    for index, degree in enumerate(said.degrees):
        limits, colour = every[:, index], _COLOURS[degree]
        known = np.nan_to_num(limits, nan=np.finfo(np.float64).min)
        edges = [0, *(np.flatnonzero(known[1:] != known[:-1]) + 1).tolist()]
        starts = [_EDGE, *(plot.x(float(said.now[edge])) for edge in edges[1:])]
        for edge, left, right in zip(edges, starts, [*starts[1:], _WIDTH - _EDGE], strict=True):
            y = plot.y(float(limits[edge]))
            value = f"{degree}: {limits[edge]:.4g} {escape(unit)}"
            named = f'<text x="{_WIDTH - _EDGE:.0f}" y="{y - 3:.1f}" text-anchor="end">{value}</text>'
            line = f'<line x1="{left:.0f}" x2="{right:.0f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" '
            if np.isfinite(y):
                yield f'{line}stroke-dasharray="6 3"/>{named if edge == edges[-1] else ""}'


def _degrees(plot: _Plot, transitions: Sequence[Transition]) -> Iterator[str]:
    yield plot.name(0, "reached")
    ends = [*(t.at.timestamp() for t in transitions), plot.end][1:]
    for one, end in zip(transitions, ends, strict=True):
        if one.to_degree:
            said = f"degree {one.to_degree:d} from {one.at:%Y-%m-%d %H:%M} UTC"
            yield plot.bar(one.at.timestamp(), end, 0, _COLOURS[one.to_degree], said)


def _warnings(plot: _Plot, said: Told) -> Iterator[str]:
    """One row per degree: the warnings for 60 min."""
    for index, degree in enumerate(said.degrees):
        yield plot.name(index + 1, f"{degree} in {HORIZONS_MIN[_WARNED_COLUMN]} min")
        warned = said.now[said.warn[:, index, _WARNED_COLUMN]]
        for part in np.split(warned, np.flatnonzero(np.diff(warned) > _PAUSE_S) + 1) if warned.size else ():
            told = f"expected from {datetime.fromtimestamp(float(part[0]), UTC):%Y-%m-%d %H:%M} UTC"
            yield plot.bar(float(part[0]), float(part[-1]), index + 1, _COLOURS[degree], told)


def reliability(bins: Array) -> str:
    """What was told against what came; one line per horizon, dots as large as they are many. `bins` as in `Tally`."""
    side = _HEIGHT - 2 * _EDGE
    scale = _EDGE, _EDGE + side
    parts = [
        _HEAD.format(width=_HEIGHT + 150, height=_HEIGHT, title="Told and came true", edge=_EDGE),
        f'<rect x="{_EDGE:.0f}" y="{_EDGE:.0f}" width="{side:.0f}" height="{side:.0f}" fill="none" stroke="#999"/>',
        f'<line x1="{scale[0]:.0f}" y1="{scale[1]:.0f}" x2="{scale[1]:.0f}" y2="{scale[0]:.0f}" stroke="#ccc"/>',
        f'<text x="{_EDGE + side / 2:.0f}" y="{_HEIGHT - 20:.0f}" text-anchor="middle">probability told</text>',
        f'<text x="12" y="{_EDGE - 8:.0f}">share that came true</text>',
    ]
    for column, horizon in enumerate(HORIZONS_MIN):
        colour = _COLOURS[column + 1]
        some = bins[0, column][bins[0, column, :, 0] > 0.0]
        dots = [
            (_EDGE + side * told / n, _EDGE + side * (1.0 - came / n), 2.0 + min(6.0, float(np.log10(n))))
            for n, told, came, _ in some
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in dots)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{colour}"/>' for x, y, r in dots]
        top = _EDGE + 18.0 * column
        parts.append(f'<text x="{_EDGE + side + 12:.0f}" y="{top + 8:.0f}" fill="{colour}">{horizon} min</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
