"""The tables of docs/forecast.md section 7, as they stand there."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from alerting.engine.forecast_decision import HORIZONS_MIN
from scripts.study_parts import table
from scripts.study_parts.price import Tallies
from scripts.study_parts.table import Foreseen
from tests.engine.scoring import Score

Array = NDArray[np.float64]

_DRAWS = 1000
_ENOUGH = 100
_HEAD = (
    "| h | method | POD | POD lead >= 30 | FAR | CSI | CSI_useful | median lead | false | per 100 gauge-days"
    " | literal CSI, useful |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


def methods(by_name: Mapping[str, Sequence[Foreseen]]) -> None:
    """The strict table of several methods on equal gauges, with the middle nine tenths of a bootstrap over events."""
    counts = {name: counted(found) for name, found in by_name.items()}
    some = next(iter(by_name.values()))
    days = _gauge_days(some)
    parts = {one.seen.gauge.station.id for one in some}
    crossed = counts[next(iter(counts))][0][HORIZONS_MIN[0]].crossings
    print(f"\n{len(parts)} gauges, {crossed} crossings, {days:.0f} gauge-days\n\n{_HEAD}")
    for horizon in HORIZONS_MIN:
        for name, (total, by_event) in counts.items():
            print(_line(name, total[horizon], by_event[horizon], days))


def counted(found: Sequence[Foreseen]) -> tuple[dict[int, Score], dict[int, list[Score]]]:
    """By horizon the whole score, and that of each event."""
    parted = table.events(found)
    total = {horizon: Score(float(horizon)) for horizon in HORIZONS_MIN}
    by_event: dict[tuple[str, int], Score] = {}
    for one in found:
        for (_, horizon), score in table.scores(one, table.whole(one)).items():
            total[horizon].add(score)
        for key, score in table.scores(one, table.event_of(one, parted)).items():
            by_event.setdefault(key, Score(float(key[1]))).add(score)
    return total, {h: [score for (_, horizon), score in by_event.items() if horizon == h] for h in HORIZONS_MIN}


def _line(name: str, total: Score, events: Sequence[Score], days: float) -> str:
    ranges = _bootstrap(events)
    values = (total.pod, total.pod30, total.far, total.csi, total.csi_useful)
    cells = [f"{value:.2f} ({low:.2f}-{high:.2f})" for value, (low, high) in zip(values, ranges, strict=True)]
    ends = (f"{total.median_lead:.0f}", str(total.false), f"{100.0 * total.false / days:.1f}")
    literal = f"{total.csi_literal:.2f}, {total.csi_useful_literal:.2f}"
    return " | ".join(["", f"{total.horizon:.0f}", name, *cells, *ends, literal, ""]).strip().replace("  ", " ")


def _bootstrap(events: Sequence[Score]) -> list[tuple[float, float]]:
    """The 5 % and 95 % ends of POD, POD with 30 min, FAR, CSI and useful CSI over events drawn again."""
    counts = np.array(
        [
            (
                one.crossings,
                len(one.leads),
                sum(lead >= table.EARLY_MIN for lead in one.leads),
                sum(lead >= one.horizon / 2 for lead in one.leads),
                one.false,
                one.spent,
            )
            for one in events
        ],
        dtype=np.float64,
    )
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(len(events), np.full(len(events), 1.0 / len(events)), _DRAWS) @ counts
    crossed, found, early, useful, false, spent = drawn.T
    with np.errstate(invalid="ignore", divide="ignore"):
        each = (
            found / crossed,
            early / crossed,
            false / (false + found + spent),
            found / (crossed + false),
            useful / (crossed + false),
        )
    return [(float(np.nanpercentile(one, 5)), float(np.nanpercentile(one, 95))) for one in each]


def _gauge_days(found: Sequence[Foreseen]) -> float:
    gauges = {one.seen.gauge.station.id: one.seen.now for one in found}
    return sum(float(np.minimum(np.diff(now), 7200.0).sum()) / 86_400.0 for now in gauges.values())


def folds(found: Sequence[Foreseen]) -> None:
    """The score of what was held out, fold by fold."""
    by_fold: dict[tuple[str, int], Score] = {}
    for one in found:
        for key, score in table.scores(one, one.labels).items():
            by_fold.setdefault(key, Score(float(key[1]))).add(score)
    print("\n| held out | h | crossings | POD | FAR | CSI | CSI_useful | false |\n|---|---|---|---|---|---|---|---|")
    for (fold, horizon), s in sorted(by_fold.items()):
        if horizon != HORIZONS_MIN[0]:
            cells = " | ".join(f"{cell:.2f}" for cell in (s.pod, s.far, s.csi, s.csi_useful))
            print(f"| {fold} | {horizon} | {s.crossings} | {cells} | {s.false} |")


def prices(total: Tallies) -> None:
    """What an earlier or a later beginning of the warnings finds at the virtual limits, and how many false ones."""
    crossed = next(iter(total.values())).crossings
    print(f"\nbegin: at each horizon found of {crossed}, found with lead >= 30, useful, false")
    for begin in sorted({key[0] for key in total})[::2]:
        each = [total[begin, horizon] for horizon in HORIZONS_MIN]
        cells = (f"{one.found}, {one.early}, {one.in_time}, {one.false}" for one in each)
        print(f"| {begin:.2f} | " + " | ".join(cells) + " |")


def levels(name: str, found: Sequence[Foreseen]) -> None:
    """The error of the level against persistence within 24 h of a crossing of the lowest limit, and the interval."""
    errors = []
    for one in found:
        some = table.in_flood(one.seen)
        if one.limit == one.seen.gauge.limits[0] and some.any():
            ahead, level = one.seen.ahead[some], one.level[some] - one.seen.value[some, None, None]
            inside = (level[:, :, 1] <= ahead) & (ahead <= level[:, :, 2])
            off = (level[:, :, 0] - ahead) ** 2
            errors.append((off.sum(axis=0), (ahead**2).sum(axis=0), inside.mean(axis=0)))
    own, still, held = (np.array(part) for part in zip(*errors, strict=True))
    each = np.sqrt(own / still)
    pooled = np.sqrt(own.sum(axis=0) / still.sum(axis=0))
    print(f"\nlevel, {name}: RMSE / persistence at 30, 60, 120, 180 min, pooled {_told(pooled)}", end="; ")
    print(f"mean of gauges {_told(each.mean(axis=0))}; worst {_told(each.max(axis=0))}", end="; ")
    print(f"in the 10-90 % interval {_told(held.mean(axis=0))}")


def _told(values: Array) -> str:
    return " ".join(f"{value:.2f}" for value in values)


def reliability(found: Sequence[Foreseen]) -> None:
    """Brier score and reliability by decile: what came less what was told, with the number of moments.

    Over moments within 12 h before a crossing, and over all; deciles with fewer than 100 moments in brackets.
    """
    print("\nreliability: Brier score, then by decile what came less what was told")
    worst: list[str] = []
    for column, horizon in enumerate(HORIZONS_MIN):
        for name in ("12 h", "all"):
            chance, reached, storm = told_and_came(found, column, near=name == "12 h")
            decile = np.clip((chance * 10).astype(int), 0, 9)
            cells = []
            for ten in range(10):
                some = decile == ten
                text = f"{(reached[some] - chance[some]).mean():+.2f} of {some.sum()}" if some.any() else "none"
                cells.append(text if some.sum() >= _ENOUGH else f"({text})")
            print(f"| {horizon} | {name} | {np.mean((chance - reached) ** 2):.4f} | " + " | ".join(cells) + " |")
            if name == "12 h":
                worst.append(f"{horizon} min: {_worst(chance, reached, storm)}")
    print("\nfarthest off near a crossing, with the middle nine tenths over events: " + "; ".join(worst))


def _worst(chance: Array, reached: Array, storm: NDArray[np.str_]) -> str:
    """The decile with enough moments that is farthest off, and what drawing events again makes of it."""
    decile = np.clip((chance * 10).astype(int), 0, 9)
    off = {
        ten: float((reached - chance)[decile == ten].mean()) for ten in range(10) if (decile == ten).sum() >= _ENOUGH
    }
    ten = max(off, key=lambda one: abs(off[one]))
    _, which = np.unique(storm, return_inverse=True)
    some = decile == ten
    total = np.bincount(which[some], (reached - chance)[some], which.max() + 1)
    count = np.bincount(which[some], minlength=which.max() + 1)
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(count.size, np.full(count.size, 1.0 / count.size), _DRAWS)
    with np.errstate(invalid="ignore"):
        each = (drawn @ total) / (drawn @ count)
    low, high = np.nanpercentile(each, 5), np.nanpercentile(each, 95)
    return f"told {ten / 10 + 0.05:.2f} {off[ten]:+.3f} ({low:+.2f} to {high:+.2f})"


def told_and_came(found: Sequence[Foreseen], column: int, *, near: bool) -> tuple[Array, Array, NDArray[np.str_]]:
    """The probability told, whether it came and the event, of one horizon, at moments below a limit or those near."""
    parted = table.events(found)
    told, came, storm = [], [], []
    for one in found:
        chosen = one.seen.value < one.limit
        if near:
            chosen &= table.next_crossing(one.seen, one.limit) <= table.NEAR_MIN
        told.append(one.probability[chosen, column])
        came.append(one.seen.highest[chosen, column] >= one.limit)
        storm.append(table.event_of(one, parted)[chosen])
    return np.concatenate(told), np.concatenate(came).astype(np.float64), np.concatenate(storm)
