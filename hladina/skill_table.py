"""The skill table of a hindcast with intervals by event, as rows; and the reliability of its probabilities."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_decision import HORIZONS_MIN
from hladina.skill import BINS, Case, Tally

Array = NDArray[np.float64]

COLUMNS = (
    "horizon_min",
    "crossings",
    "events",
    "pod",
    "pod_90",
    "pod_lead30",
    "far",
    "far_90",
    "csi",
    "csi_90",
    "csi_useful",
    "median_lead_min",
    "false_per_100_gauge_days",
    "brier",
    "brier_near",
    "level_rmse_ratio",
    "level_within_interval",
)
RELIABILITY = ("horizon_min", "moments", "decile", "told", "came", "count")
# Gauges cross in one storm together: what lies within two days is one event, and events are drawn, not crossings.
_EVENT_PAUSE_S = 48 * 3600.0
_DRAWS = 1000
_NEAR, _ALL = 1, 0


@dataclass(frozen=True, slots=True)
class Line:
    """Detected, useful, lead >= 30 min, crossings, false: of any cases."""

    found: float
    useful: float
    early: float
    crossings: float
    false: float

    @property
    def pod(self) -> float:
        """Detected / crossings."""
        return _share(self.found, self.crossings)

    @property
    def far(self) -> float:
        """False episodes / all that told something."""
        return _share(self.false, self.false + self.found)

    @property
    def csi(self) -> float:
        """Detected / (crossings + false episodes)."""
        return _share(self.found, self.crossings + self.false)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _counts(case: Case, horizon: int) -> tuple[int, int, int, int, int]:
    lead = case.lead_min
    if lead is None:
        return 0, 0, 0, int(case.crossing), int(not case.crossing)
    return 1, int(lead >= horizon / 2), int(lead >= 30.0), 1, 0  # noqa: PLR2004  # the half hour of the contract


def _by_event(cases: Sequence[Case], horizon: int) -> Array:
    """(events, 5) counts; an event ends with two days in which nothing crossed and nothing was told."""
    events: list[Array] = []
    last = -np.inf
    for case in sorted(cases, key=lambda one: one.at):
        if case.at - last > _EVENT_PAUSE_S:
            events.append(np.zeros(5))
        events[-1] += _counts(case, horizon)
        last = case.at
    return np.array(events).reshape(-1, 5)


def _intervals(events: Array) -> tuple[str, str, str]:
    """The 5 and 95 % quantiles of POD, FAR and CSI over draws of whole events; the draws are always the same."""
    if len(events) < 2:  # noqa: PLR2004  # of one event nothing can be drawn
        return "", "", ""
    rng = np.random.default_rng(0)
    drawn = [Line(*events[rng.integers(0, len(events), len(events))].sum(axis=0)) for _ in range(_DRAWS)]
    names = ("pod", "far", "csi")
    found = []
    for name in names:
        values = [value for one in drawn if np.isfinite(value := getattr(one, name))]
        found.append("–".join(_text(q) for q in np.quantile(values, (0.05, 0.95))) if values else "")
    return found[0], found[1], found[2]


def lines(tally: Tally) -> Iterator[dict[str, str]]:
    """A row per horizon, all stations and degrees together."""
    for column, horizon in enumerate(HORIZONS_MIN):
        cases = [case for case in tally.cases if case.horizon == horizon]
        events = _by_event(cases, horizon)
        total = Line(*events.sum(axis=0))
        leads = [case.lead_min for case in cases if case.lead_min is not None]
        count, own, still, outside = tally.errors[column]
        pod, far, csi = _intervals(events)
        values = (
            str(horizon),
            f"{total.crossings:.0f}",
            str(len(events)),
            _text(total.pod),
            pod,
            _text(_share(total.early, total.crossings)),
            _text(total.far),
            far,
            _text(total.csi),
            csi,
            _text(_share(total.useful, total.crossings + total.false)),
            f"{np.median(leads):.0f}" if leads else "",
            _text(_share(100.0 * total.false, tally.gauge_days)),
            _text(_brier(tally, column, _ALL), 4),
            _text(_brier(tally, column, _NEAR), 4),
            _text(_share(float(np.sqrt(own)), float(np.sqrt(still)))),
            _text(1.0 - _share(outside, count)),
        )
        yield dict(zip(COLUMNS, values, strict=True))


def _brier(tally: Tally, column: int, kind: int) -> float:
    counts = tally.bins[kind, column].sum(axis=0)
    return _share(float(counts[3]), float(counts[0]))


def reliability(tally: Tally) -> Iterator[tuple[str, ...]]:
    """A row per horizon, kind of moments and decile that occurs: what was told, what came, how often."""
    for column, horizon in enumerate(HORIZONS_MIN):
        for kind, name in ((_ALL, "all"), (_NEAR, "within 12 h before a crossing")):
            for decile in range(BINS):
                count, chance, came, _ = tally.bins[kind, column, decile]
                if count:
                    yield (
                        str(horizon),
                        name,
                        str(decile),
                        _text(chance / count, 3),
                        _text(came / count, 3),
                        f"{count:.0f}",
                    )


def _text(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else ""
