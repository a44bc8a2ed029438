"""The hydrograph as SVG, drawn on the server: works without JavaScript and prints. Pure.

A gap in the data is a gap in the line, suspect values stand beside the line and are not joined to
it, late values are ringed. Nothing measured is interpolated. What is forecast stands right of the present
as a band with a dashed middle, and says so.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from floodcore.network.model import Limits
from floodcore.store.views import SampleView
from floodcore.words import Degree, Flag, Language, Quantity
from portal.frame import Frame, apart, time_ticks, value_range, value_ticks
from portal.localtime import clock, day, local, number

_DOUBTED = {Flag.SUSPECT, Flag.FAIL}
_GAP_INTERVALS = 2.5
_DAY = timedelta(days=1)
_LABEL_GAP = 14.0
# So near the corner a label would run into the unit.
_UNIT_WIDTH = 20.0
_NARROW = 500

Say = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Plot:
    """What to draw: the samples (oldest first), the limits or None, the time shown, the expected interval.

    `ahead` is the forecast: moments with median, 10 % and 90 %, beginning with its last reading; empty without one.
    """

    quantity: Quantity
    unit: str
    samples: Sequence[SampleView]
    limits: Limits | None
    start: datetime
    end: datetime
    interval: timedelta
    language: Language
    ahead: Sequence[tuple[datetime, float, float, float]] = ()

    @property
    def until(self) -> datetime:
        """The right edge of the picture."""
        return max(self.end, self.ahead[-1][0]) if self.ahead else self.end


@dataclass(frozen=True, slots=True)
class Facts:
    """The picture in figures, for the text beside it: extremes and latest of the believed values, gaps, doubts."""

    lowest: SampleView | None
    highest: SampleView | None
    latest: SampleView | None
    gaps: int
    doubted: int
    late: int


def facts(plot: Plot) -> Facts:
    """Count and find; values that are missing or doubted take no part in the extremes."""
    good = _good(plot.samples)
    pieces = _pieces(good, plot.interval)
    return Facts(
        lowest=min(good, key=_value, default=None),
        highest=max(good, key=_value, default=None),
        latest=good[-1] if good else None,
        gaps=max(0, len(pieces) - 1),
        doubted=sum(sample.flag in _DOUBTED for sample in plot.samples),
        late=sum(sample.late for sample in plot.samples),
    )


def svg(plot: Plot, width: int, height: int, *, title: str, description: str, say: Say) -> str:
    """The whole picture. `say` gives a text for a key and its places; all texts are escaped here."""
    good = _good(plot.samples)
    rain = plot.quantity is Quantity.RAIN
    limits = dict(plot.limits.values) if plot.limits is not None else {}
    shown = [_value(sample) for sample in good] + [value for _, *values in plot.ahead for value in values]
    low, high = value_range(shown, list(limits.values()), from_zero=rain)
    frame = Frame(width, height, plot.start, plot.until, low, high, right=92 if limits else 20)
    name = f"h{width}"
    return "".join(
        [
            f'<svg class="hydrograph" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}t {name}d"',
            ' xmlns="http://www.w3.org/2000/svg">',
            f'<title id="{name}t">{escape(title)}</title><desc id="{name}d">{escape(description)}</desc>',
            *_grid(frame, plot),
            *_gaps(frame, good, plot, say),
            *_band(frame, plot, say),
            *_limit_lines(frame, limits, plot.limits.scheme if plot.limits is not None else "spa", say),
            *(_bars(frame, good, plot.interval) if rain else _line(frame, good, plot.interval)),
            *_marks(frame, plot.samples),
            *_latest(frame, good, plot),
            "</svg>",
        ]
    )


def _value(sample: SampleView) -> float:
    if sample.value is None:
        message = "a missing value was not left out"
        raise ValueError(message)
    return sample.value


def _good(samples: Iterable[SampleView]) -> list[SampleView]:
    return [sample for sample in samples if sample.value is not None and sample.flag not in _DOUBTED]


def _pieces(good: Sequence[SampleView], interval: timedelta) -> list[list[SampleView]]:
    """Runs of samples without a gap between them."""
    pieces: list[list[SampleView]] = []
    for sample in good:
        if pieces and sample.observed_at - pieces[-1][-1].observed_at <= interval * _GAP_INTERVALS:
            pieces[-1].append(sample)
        else:
            pieces.append([sample])
    return pieces


def _grid(frame: Frame, plot: Plot) -> list[str]:
    out = []
    for value in value_ticks(frame.low, frame.high, 5):
        y = frame.y(value)
        label = number(value, plot.quantity, plot.language).removesuffix(",00").removesuffix(".00")
        out.append(f'<path class="grid" d="M{frame.left},{y}H{frame.right_x}"/>')
        out.append(f'<text class="tick" x="{frame.left - 6}" y="{y}" dy=".34em" text-anchor="end">{label}</text>')
    for tick in time_ticks(plot.start, plot.until, _hours_between_ticks(frame, plot)):
        x, midnight = frame.x(tick), local(tick).hour == 0
        kind = "grid day" if midnight else "grid"
        out.append(f'<path class="{kind}" d="M{x},{frame.top}V{frame.floor_y}"/>')
        if (midnight or plot.end - plot.start <= _DAY) and x > frame.left + _UNIT_WIDTH:
            label = clock(tick)
            out.append(f'<text class="tick" x="{x}" y="{frame.floor_y + 15}" text-anchor="middle">{label}</text>')
        if midnight:
            label = day(tick, plot.language)
            out.append(f'<text class="tick date" x="{x}" y="{frame.floor_y + 31}" text-anchor="middle">{label}</text>')
    out.append(
        f'<text class="tick unit" x="{frame.left - 6}" y="{frame.floor_y + 15}" text-anchor="end">'
        f"{escape(plot.unit)}</text>"
    )
    return out


def _hours_between_ticks(frame: Frame, plot: Plot) -> int:
    narrow = frame.width < _NARROW
    if plot.end - plot.start <= _DAY:
        return 6 if narrow else 3
    if plot.end - plot.start <= 3 * _DAY:
        return 24 if narrow else 12
    return 24


def _gaps(frame: Frame, good: Sequence[SampleView], plot: Plot, say: Say) -> list[str]:
    """Shade what is not known: before the first, between the pieces, and after the last value."""
    pieces = _pieces(good, plot.interval)
    edges = [(piece[0].observed_at, piece[-1].observed_at) for piece in pieces]
    starts = [plot.start, *(last for _, last in edges)]
    ends = [*(first for first, _ in edges), plot.end]
    out = []
    for start, end in zip(starts, ends, strict=True):
        if end - start <= plot.interval * _GAP_INTERVALS:
            continue
        left, right = frame.x(start), frame.x(end)
        out.append(
            f'<rect class="gap" x="{left}" y="{frame.top}" width="{round(right - left, 1)}"'
            f' height="{frame.floor_y - frame.top}"/>'
        )
        if right - left > 70:  # noqa: PLR2004  # narrower than the words
            out.append(
                f'<text class="gaptext" x="{round((left + right) / 2, 1)}" y="{frame.top + 16}"'
                f' text-anchor="middle">{escape(say("page.graph.gap"))}</text>'
            )
    return out


def _band(frame: Frame, plot: Plot, say: Say) -> list[str]:
    """The forecast: four fifths of it inside the band, half of it below the dashed line."""
    if not plot.ahead:
        return []
    lower = [f"{frame.x(at)},{frame.y(low)}" for at, _, low, _ in plot.ahead]
    upper = [f"{frame.x(at)},{frame.y(high)}" for at, _, _, high in reversed(plot.ahead)]
    middle = [f"{frame.x(at)},{frame.y(median)}" for at, median, _, _ in plot.ahead]
    now, right = frame.x(plot.end), frame.right_x
    wide, high = round(right - now, 1), frame.floor_y - frame.top
    label = escape(say("page.graph.forecast"))
    return [
        f'<rect class="future" x="{now}" y="{frame.top}" width="{wide}" height="{high}"/>',
        f'<path class="now" d="M{now},{frame.top}V{frame.floor_y}"/>',
        f'<path class="band" d="M{"L".join([*lower, *upper])}Z"/>',
        f'<path class="median" d="M{"L".join(middle)}"/>',
        f'<text class="gaptext" x="{right}" y="{frame.top + 11}" text-anchor="end">{label}</text>',
    ]


def _limit_lines(frame: Frame, limits: Mapping[Degree, float], scheme: str, say: Say) -> list[str]:
    shown = [(degree, value) for degree, value in sorted(limits.items()) if frame.low <= value <= frame.high]
    places = apart([frame.y(value) for _, value in shown], _LABEL_GAP)
    out = []
    for (degree, value), place in zip(shown, places, strict=True):
        y = frame.y(value)
        label = say(f"page.scheme.{scheme}.short", degree=int(degree)) if degree else ""
        label = say("degree.short.4") if scheme == "spa" and degree is Degree.EXTREME else label
        out.append(
            f'<path class="limit l{int(degree)}" d="M{frame.left},{y}H{frame.right_x}l6,{round(place - y, 1)}"/>'
        )
        out.append(
            f'<text class="limittext" x="{frame.right_x + 9}" y="{place}" dy=".34em">{escape(label)}'
            f'<tspan class="limitvalue" dx="5">{value:g}</tspan></text>'
        )
    return out


def _line(frame: Frame, good: Sequence[SampleView], interval: timedelta) -> list[str]:
    out = []
    for piece in _pieces(good, interval):
        points = _thinned([(frame.x(sample.observed_at), frame.y(_value(sample))) for sample in piece])
        if len(points) == 1:
            out.append(f'<circle class="lone" cx="{points[0][0]}" cy="{points[0][1]}" r="2.5"/>')
            continue
        path = "L".join(f"{x},{y}" for x, y in points)
        out.append(f'<path class="area" d="M{points[0][0]},{frame.floor_y}L{path}V{frame.floor_y}Z"/>')
        out.append(f'<path class="water" d="M{path}"/>')
    return out


def _bars(frame: Frame, good: Sequence[SampleView], interval: timedelta) -> list[str]:
    """Rain: each bar ends at the time of its value, since the value is the sum of the interval before it."""
    out = []
    for sample in good:
        left, right, y = frame.x(sample.observed_at - interval), frame.x(sample.observed_at), frame.y(_value(sample))
        if y < frame.floor_y:
            out.append(f'<path class="rain" d="M{left},{frame.floor_y}V{y}H{right}V{frame.floor_y}Z"/>')
    return out


def _marks(frame: Frame, samples: Iterable[SampleView]) -> list[str]:
    """Suspect values as diamonds beside the line, late ones ringed."""
    out = []
    for sample in samples:
        if sample.value is None:
            continue
        x, y = frame.x(sample.observed_at), frame.y(sample.value)
        if sample.flag in _DOUBTED:
            out.append(f'<path class="suspect" d="M{x},{round(y - 5, 1)}l5,5l-5,5l-5,-5Z"/>')
        elif sample.late:
            out.append(f'<circle class="latevalue" cx="{x}" cy="{y}" r="3.5"/>')
    return out


def _latest(frame: Frame, good: Sequence[SampleView], plot: Plot) -> list[str]:
    if not good:
        return []
    x, y = frame.x(good[-1].observed_at), frame.y(_value(good[-1]))
    label = number(_value(good[-1]), plot.quantity, plot.language)
    side = f'x="{x - 8}" text-anchor="end"' if x > frame.left + 60 else f'x="{x + 8}"'  # room for it
    return [
        f'<circle class="latest" cx="{x}" cy="{y}" r="4.5"/>',
        f'<text class="latesttext" {side} y="{max(y - 10, frame.top + 10)}">{label}</text>',
    ]


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most four points per pixel column (first, lowest, highest, last): no peak is lost, the page stays light."""
    columns: dict[int, list[tuple[float, float]]] = {}
    for point in points:
        columns.setdefault(int(point[0]), []).append(point)
    kept: list[tuple[float, float]] = []
    for column in columns.values():
        wanted = {0, len(column) - 1}
        wanted |= {column.index(min(column, key=lambda p: p[1])), column.index(max(column, key=lambda p: p[1]))}
        kept.extend(column[index] for index in sorted(wanted))
    return kept
