"""What a hindcast does for one station, here or on a worker: judged, learnt from, foreseen, written as text.

What goes in and comes out is small: arrays and text, no objects per reading.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO

import numpy as np

from alerting.engine import forecast_odds
from alerting.engine.forecast_local import Local
from alerting.engine.rules import version
from floodcore.quality.rates import GENERIC, Learnt
from floodcore.units import CANONICAL
from floodcore.words import Flag
from hladina import foresight, plots, rates, skill, training
from hladina.judged import Outcome, judge, staged, unstaged
from hladina.neighbours import above
from hladina.records import Record
from hladina.skill import Tally
from hladina.station_list import Recorded
from hladina.training import Learned

_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement of one station: `degrees` and `quality` are its rows of those files."""

    outcome: Outcome
    degrees: str
    quality: str
    summary: dict[str, object]
    learnt: Learnt | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What is written of one station: rows of the files, its part of summary.json, what was counted, a picture."""

    degrees: str
    quality: str
    forecasts: str
    summary: dict[str, object]
    tally: Tally | None = None
    picture: str | None = None


def judged(station: Recorded, record: Record, learnt: Learnt | None) -> Judged:
    """The live engine over one record; `learnt` are the rates of its river, learnt from this record if None."""
    outcome = judge(station, record, rates=GENERIC if learnt is None else learnt.rates)
    taught = rates.learnt(station, record, outcome) if learnt is None else None
    quality, summary = _quality(station, record, outcome), _summary(record, outcome)
    outcome.verdicts.clear()
    return Judged(outcome, _csv(_degrees(station, outcome)), quality, summary, taught)


def outcome_of(one: Judged) -> Outcome:
    """What others need of a judgement."""
    return one.outcome


def rates_of(one: Judged) -> Learnt | None:
    """How fast the river goes by this record."""
    return one.learnt


def needed(station: Recorded, stations: Mapping[str, Recorded]) -> tuple[str, ...]:
    """The ids of all whose outcome a station needs, itself first."""
    return tuple(dict.fromkeys((station.id, *above(station.id, stations), *station.rain_gauges)))


def learned(stations: Mapping[str, Recorded], *outcomes: Outcome) -> Learned | None:
    """What a past teaches; `stations` and `outcomes` as `needed`. None if that is too little."""
    station = next(iter(stations.values()))
    return training.learn(station, stations, dict(zip(stations, outcomes, strict=True)), forecast_odds.generic())


def foreseen(stations: Mapping[str, Recorded], local: Local | None, one: Judged, *others: Outcome) -> Written:
    """The forecasts of a judged station; `stations` and (behind its own) `others` as `needed`."""
    station = next(iter(stations.values()))
    outcomes = dict(zip(stations, (one.outcome, *others), strict=True))
    said = foresight.told(station, outcomes, stations, forecast_odds.generic(), local)
    if said is None:
        return Written(one.degrees, one.quality, "", {**one.summary, "forecast_rows": 0, "warnings": 0})
    transitions, heard = one.outcome.transitions, one.outcome.heard
    rows = list(_forecasts(station, said))
    warnings = sum(1 for row in rows if row[6])
    stages = staged(station, heard.value)
    picture = None
    if transitions or warnings:
        limits = unstaged(station, said.limits)
        picture = plots.hydrograph(station.id, heard, said, (limits, CANONICAL[station.quantity]), transitions)
    return Written(
        one.degrees,
        one.quality,
        _csv(rows),
        {**one.summary, "forecast_rows": len(rows), "warnings": warnings},
        skill.tally(station.id, said, transitions, heard, stages),
        picture,
    )


def stamp(moment: datetime) -> str:
    """The time as the files write it; a fraction of a second only if there is one."""
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _csv(rows: Iterable[Sequence[object]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _forecasts(station: Recorded, said: foresight.Told) -> Iterator[tuple[object, ...]]:
    """The rows of forecasts.csv, in order of time."""
    for row in foresight.rows(said):
        expected = "" if row.expected is None else stamp(row.expected)
        yield (
            station.id,
            stamp(row.at),
            row.degree,
            row.horizon,
            f"{row.probability:.4f}",
            expected,
            int(row.warn),
        )


def _degrees(station: Recorded, outcome: Outcome) -> Iterator[tuple[object, ...]]:
    for one in outcome.transitions:
        yield station.id, stamp(one.at), int(one.from_degree), int(one.to_degree), str(one.reason)


def _quality(station: Recorded, record: Record, outcome: Outcome) -> str:
    """Every reading with its last verdict, then the late ones."""
    name = _csv([(station.id,)])[:-1]
    known: dict[tuple[Flag, str], str] = {}
    lines = []
    for text, verdict in zip(_stamps(record), outcome.verdicts.values(), strict=True):
        what = verdict.flag, verdict.test
        end = known.get(what)
        if end is None:
            end = known[what] = f",{verdict.flag.name.lower()},{verdict.test}\n"
        lines.append(f"{name},{text}{end}")
    lines += (f"{name},{stamp(at)},{Flag.SUSPECT.name.lower()},late\n" for at in record.late)
    return "".join(lines)


def _stamps(record: Record) -> list[str]:
    """`stamp` of every reading."""
    times = np.array(record.stamps)
    if (times % _SECOND_US).any():
        return [stamp(at) for at in record.at]
    found: list[str] = np.datetime_as_string(times.view("datetime64[us]"), unit="s", timezone="UTC").tolist()
    return found


def _summary(record: Record, outcome: Outcome) -> dict[str, object]:
    counts = Counter((verdict.flag, verdict.test) for verdict in outcome.verdicts.values())
    flags, tests = Counter[str](), Counter[str]()
    for (flag, test), count in counts.items():
        flags[flag.name.lower()] += count
        if test:
            tests[test] += count
    rules = outcome.rules
    found: dict[str, object] = {
        "readings": len(record),
        "late": len(record.late),
        "repeated": record.repeated,
        "contradictory": record.contradictory,
        "interval_s": rules.interval.total_seconds(),
        "rule_version": version(rules),
        "rates": rules.rates.version,
        "flags": dict(sorted(flags.items())),
        "tests": dict(sorted(tests.items())),
        "degree_changes": len(outcome.transitions),
    }
    later = [{"valid_from": stamp(use.since), "rule_version": version(use.rules)}
             for use in outcome.uses if use.since is not None]  # fmt: skip
    return {**found, "rule_changes": later} if later else found
