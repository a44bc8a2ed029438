"""Baselines on the same gauges, moments and believed readings."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from alerting.engine import trend
from alerting.engine.forecast_decision import HORIZONS_MIN
from scripts.study_parts.cases import Labels, Seen
from scripts.study_parts.storms import names
from scripts.study_parts.table import Foreseen

Array = NDArray[np.float64]

_BACK_H = (0.5, 1.0, 2.0)
_BACK_ABOVE_H = (0.5, 1.0, 2.0, 4.0)


def lines(scored: Sequence[Seen]) -> dict[str, list[Foreseen]]:
    """The lines over an hour; they learn nothing."""
    return {
        "lin60": [one for item in scored for one in _line(item, robust=False)],
        "theilsen60": [one for item in scored for one in _line(item, robust=True)],
    }


def upreg(scored: Sequence[Seen], by_id: Mapping[str, Seen], labels: Labels) -> list[Foreseen]:
    """A regression on the changes here and at the gauge next above, of the scored gauges that have one.

    Learnt on all moments together but those of the fold (`labels`) it is asked about.
    """
    some = [one for one in scored if one.above]
    parts = [(*_changes(one, by_id), labels(one.gauge, one.now)) for one in some]
    known, wanted, fold = (np.concatenate(part) for part in zip(*parts, strict=True))
    good = np.isfinite(known).all(axis=1) & np.isfinite(wanted).all(axis=1)
    slopes = {}
    for name in names(fold):
        chosen = good & (fold != name)
        slopes[name] = np.linalg.lstsq(known[chosen], wanted[chosen], rcond=None)[0]
    return [found for one, part in zip(some, parts, strict=True) for found in _regressed(one, part, slopes)]


def _regressed(
    one: Seen, part: tuple[Array, Array, NDArray[np.str_]], slopes: Mapping[str, Array]
) -> Iterator[Foreseen]:
    here, _, fold = part
    change = np.empty((one.now.size, len(HORIZONS_MIN)))
    for name in names(fold):
        change[fold == name] = np.nan_to_num(here[fold == name]) @ slopes[name]
    # on a falling limb it is replaced by persistence
    rising = here[:, 0] > 0.0
    yield from _warnings(one, one.value[:, None] + np.where(rising[:, None], change, 0.0), rising)


def _line(one: Seen, *, robust: bool) -> Iterator[Foreseen]:
    """A line through the last hour on the gauge's own step, drawn on."""
    steps = round(60.0 / one.gauge.step_min)
    asked = one.now[:, None] - np.arange(steps + 1) * one.gauge.step_min * 60.0
    values = np.interp(asked, one.gauge.past.at, one.gauge.past.value)
    hours = np.broadcast_to(-np.arange(steps + 1) * one.gauge.step_min / 60.0, values.shape)
    if robust:
        slope = trend.theil_sen(np.ascontiguousarray(hours[:, ::-1]), np.ascontiguousarray(values[:, ::-1]))
        start = np.median(values - slope[:, None] * hours, axis=1)
    else:
        centred = hours[0] - hours[0].mean()
        slope = (values * centred).sum(axis=1) / (centred**2).sum()
        start = values.mean(axis=1) - slope * hours[0].mean()
    ahead = np.array(HORIZONS_MIN) / 60.0
    yield from _warnings(one, start[:, None] + slope[:, None] * ahead, slope > 0.0)


def _changes(one: Seen, by_id: Mapping[str, Seen]) -> tuple[Array, Array]:
    """The changes up to each moment here and above, and the change to come at each horizon."""
    upper = by_id[one.gauge.station.upstream[0]].gauge.past
    parts = []
    for past, back in ((one.gauge.past, _BACK_H), (upper, _BACK_ABOVE_H)):
        newest = past.at[np.maximum(np.searchsorted(past.known, one.now, side="right") - 1, 0)]
        at = np.minimum(one.now, newest)
        now = np.interp(at, past.at, past.value)
        parts += [now - np.interp(at - 3600.0 * hours, past.at, past.value) for hours in back]
    return np.stack(parts, axis=1), one.ahead


def _warnings(one: Seen, met: Array, rising: NDArray[np.bool_]) -> Iterator[Foreseen]:
    """Warned where the level is expected at or above the limit from below it."""
    for limit in one.gauge.limits:
        warn = (met >= limit) & rising[:, None] & (one.value < limit)[:, None]
        yield Foreseen(one, limit, np.full(one.now.size, ""), met, warn, np.repeat(met[:, :, None], 3, axis=2))
