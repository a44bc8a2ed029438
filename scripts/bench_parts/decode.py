"""Decoding and the checks of quality, per source, beside bare parsing of the same bytes.

    PYTHONPATH=. python scripts/bench_parts/decode.py > docs/sources/throughput.md

Four things are done in turn in each round, so that a busy machine is unkind to all of them: bare parsing, decoding,
decoding and the checks at the door, all that and the fold among neighbours (`floodcore.quality.window`). Bare parsing
makes no reading, checks nothing and knows no unit: the ratio is the price of that. Bodies: `bodies`.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from floodcore.quality import at_the_door
from floodcore.quality.window import Memory, Point, Sample, check
from floodcore.store import embedded
from floodcore.words import Observation, Quantity, Reading
from scripts.bench_parts.bodies import NOW, Case, cases, readings_of

_ROUNDS, _ROUND_S = 9, 0.02
_FINEST = timedelta(minutes=10)
_PAGE = """# What decoding and quality cost

Made by `PYTHONPATH=. python scripts/bench_parts/decode.py`; also a part of `scripts/bench`. One run, medians of
{rounds} rounds in which the four are done in turn; {day}, commit {commit}, one thread. Processor microseconds for each
reading, or each message where there is none; they are of that machine, the ratios travel. Bare is msgspec for JSON,
lxml for XML and HTML, Python's csv for files, of the very same bytes; it makes no reading and checks nothing. Door:
range and stamp of each value. Fold: the verdict among the neighbours in time, series by series, as the engine does it.
A day of several gauges where the source shows that much, else what one message holds.

| source | bytes | readings | bare | decode | + door | + fold | decode to bare | all to bare |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
"""

Series = tuple[str, Quantity]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one body in four ways; `bare` is None where nothing parses it."""

    name: str
    size: int
    readings: int
    bare: float | None
    decode: float
    door: float
    fold: float

    def ratio(self, seconds: float) -> str:
        """`seconds` as a multiple of bare parsing."""
        return "–" if self.bare is None else f"{seconds / self.bare:.1f}"

    def each(self, seconds: float | None) -> str:
        """Microseconds of a reading, or of the body when it holds none."""
        return "–" if seconds is None else f"{seconds / max(self.readings, 1) * 1e6:.2f}"


async def measure(_cluster: embedded.Cluster) -> list[str]:
    """A line for each source: microseconds per reading, and how many times bare parsing that is."""
    return [
        f"  {one.name:<14}{one.size:9,} bytes {one.readings:6,} readings  bare {one.each(one.bare):>8}"
        f"  decode {one.each(one.decode):>8}  + door {one.each(one.door):>8}  + fold {one.each(one.fold):>8} us"
        f"   {one.ratio(one.decode):>6} and {one.ratio(one.fold):>6} x bare"
        for one in (cost(case) for case in cases())
    ]


def cost(case: Case) -> Cost:
    """Measure one source."""
    body, decode = case.body, case.decode
    readings = readings_of(decode(body))
    known = warmed(readings)

    def door() -> list[Observation]:
        return at_the_door(readings_of(decode(body)), NOW)

    ways: list[Callable[[], object]] = [lambda: decode(body), door, lambda: folded(door(), known)]
    if case.bare is not None:
        ways.append(case.bare)
    took: list[list[float]] = [[] for _ in ways]
    for _ in range(_ROUNDS):
        for way, seconds in zip(ways, took, strict=True):
            seconds.append(_once(way))
    medians = [sorted(seconds)[_ROUNDS // 2] for seconds in took]
    bare = medians[3] if case.bare is not None else None
    return Cost(case.name, len(body), len(readings), bare, *medians[:3])


def _once(what: Callable[[], object]) -> float:
    """Processor seconds of one call, over as many as fit into a short while."""
    calls, begun = 0, time.thread_time()
    while (spent := time.thread_time() - begun) < _ROUND_S:
        what()
        calls += 1
    return spent / calls


def warmed(readings: Sequence[Reading]) -> dict[Series, Memory]:
    """For each series a memory that already believes a value just before its first reading."""
    first: dict[Series, Reading] = {}
    for reading in sorted(readings, key=lambda each: each.observed_at):
        if reading.value is not None:
            first.setdefault((reading.station_id, reading.quantity), reading)
    return {
        series: Memory(Point(reading.observed_at - _FINEST, reading.value or 0.0)) for series, reading in first.items()
    }


def folded(observations: Sequence[Observation], known: dict[Series, Memory]) -> dict[Series, Memory]:
    """The memories after `observations`, each series in the order of time, as the engine judges them."""
    memories = dict(known)
    for said in sorted(observations, key=lambda each: each.reading.observed_at):
        reading = said.reading
        series = (reading.station_id, reading.quantity)
        sample = Sample(reading.observed_at, reading.value, said.flag, said.test)
        memories[series] = check(memories.get(series, Memory()), sample, reading.quantity, flooded=False).memory
    return memories


def _page(costs: Sequence[Cost]) -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    root = Path(__file__).resolve().parents[2]
    commit = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root).stdout.strip()
    day = datetime.fromtimestamp(time.time(), tz=UTC).date().isoformat()
    rows = [
        f"| {one.name} | {one.size:,} | {one.readings:,} | {one.each(one.bare)} | {one.each(one.decode)} "
        f"| {one.each(one.door)} | {one.each(one.fold)} | {one.ratio(one.decode)} | {one.ratio(one.fold)} |\n"
        for one in costs
    ]
    return _PAGE.format(rounds=_ROUNDS, day=day, commit=commit) + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(_page([cost(case) for case in cases()]))
