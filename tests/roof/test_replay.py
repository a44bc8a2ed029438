"""A recorded flood replayed through the servers: the events are those of `hladina hindcast` on the same data.

The parts of the demo do it: an own broker, the simulated gauges in a process of their own (open data,
MQTT devices, pushers), and the whole house on one port. When the record is over and everything is
settled, the event table must equal degrees.csv row by row, over every way in.

The suite plays an invented record and one real flood; `--long` plays every recorded flood there is.
"""

import asyncio
import csv
import socket
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from floodcore.clock import Clock
from floodcore.network.load import read
from hladina import demo_run, hindcast
from hladina.demo_folder import Memory
from simulators import replay

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data" / "floods_dev"
FLOODS = sorted(path.stem for path in (REAL / "events").glob("*.csv")) if REAL.is_dir() else []
SHORT = "agly_2020_spring"  # five gauges, 10 min, steep; by all three ways
START = datetime(2031, 5, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
WAVE = (0, 2, 6, 14, 26, 44, 70, 100, 131, 160, 184, 200, 208, 206, 197, 183, 165, 146, 127, 108, 91, 76, 62, 50)
PATIENCE_S = 90.0  # after the end of the record; seconds on an idle machine, more on one that does much else

SETTLED = """
SELECT (SELECT count(*) FROM observation WHERE value IS NOT NULL) AS readings, (SELECT count(*) FROM dirty) AS dirty,
       (SELECT count(*) FROM announcement WHERE done_at IS NULL) AS announcements,
       (SELECT count(*) FROM delivery WHERE status IN ('due', 'sending')) AS deliveries
"""
EVENTS = """
SELECT station_id, at, from_degree, to_degree, reason FROM event WHERE kind = %s ORDER BY station_id, event_id
"""

Row = tuple[str, str, int, int, str]


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a replay: changes live and by the hindcast, silences, readings by way in."""

    live: list[Row]
    hindcast: list[Row]
    silences: list[Row]
    doors: Counter[str]


def level(index: int, first: int, scale: float) -> float:
    """A gauge of the invented brook in cm, whole millimetres: low, the wave from reading `first`, low again."""
    wave = WAVE[index - first] if first <= index < first + len(WAVE) else WAVE[-1] * 0.96 ** max(0, index - first - 23)
    return round(50.0 + scale * (wave if index >= first else 0.0) + 0.1 * (index % 3), 1)


def rows_of(index: int, stamp: str) -> list[str]:
    """All readings of one moment: four gauges and a rain gauge, with what gauges do wrong."""
    top = "" if index == 61 else f"{level(index, 48, 0.6) / 100:.3f}"
    spike = 2.5 if index == 30 else level(index, 54, 1.0) / 100
    rows = [f"TOP,Top Mill,upstream,{stamp},{top}", f"LOW,Low Mill,level,{stamp},{spike:.3f}"]
    rows.append(f"MID,Mid Mill,upstream,{stamp},{level(index, 50, 0.9) / 100:.3f}")
    if not 66 <= index < 90:  # lost on the rise, back on the fall
        rows.append(f"GONE,Gone Mill,upstream,{stamp},{level(index, 52, 0.8) / 100:.3f}")
    if index % 4 == 0:  # so seldom that it passes over a limit
        rows.append(f"ZERO,Zero Mill,upstream,{stamp},{0.0 if index in {68, 80} else level(index, 56, 0.7) / 100:.3f}")
    return rows


@pytest.fixture
def brook(tmp_path: Path) -> Path:
    """The invented record: eighteen hours at ten minutes, in the form of the recorded floods."""
    folder = tmp_path / "floods"
    (folder / "events").mkdir(parents=True)
    head = "event_id,station_id,station_name,river,role,timestamp,value,unit"
    lines = [head]
    for index in range(108):
        stamp = f"{START + index * STEP:%Y-%m-%dT%H:%M:%SZ}"
        for row in rows_of(index, stamp):
            station, name, rest = row.split(",", 2)
            lines.append(f"brook,{station},{name},Brook,{rest},m")
        lines.append(f"brook,RAIN,Hill,,rain,{stamp},{1.2 if 40 < index < 55 else 0},mm")
    (folder / "events" / "brook.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def settled(dsn: str, plan: demo_run.Plan, readings: int) -> None:
    """Wait until the record is over and nothing is left to do."""
    found: tuple[int, ...] | None = None
    limit_s = PATIENCE_S
    if plan.ends is not None:
        limit_s += plan.clock.real_seconds((plan.ends - plan.clock.now()).total_seconds())
    try:
        async with asyncio.timeout(limit_s), await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            while found != (readings, 0, 0, 0):
                await asyncio.sleep(0.2)
                found = await (await connection.execute(SETTLED)).fetchone()
    except TimeoutError:
        pytest.fail(f"not settled: readings, dirty, announcements, deliveries = {found}, readings are {readings}")


async def play(floods: Path, event: str, speed: float, dsn: str, folder: Path) -> Played:
    """Replay `event` live at `speed` to its end, then hindcast the same readings."""
    made = replay.prepare(floods, event, folder / "replay", ROOT / "station_configs")
    with made.readings.open(encoding="utf-8", newline="") as file:
        readings = sum(row["value"] != "" for row in csv.DictReader(file))  # an empty cell of open data is not stored
    clock = Clock(made.start, datetime.now(UTC), speed)
    memory = Memory("flash", event, 1, (), made.start)
    plan = demo_run.Plan(folder, free_port(), memory, clock, made.stations, None, "", made.readings, made.end)
    running = asyncio.ensure_future(demo_run.run(plan, read(made.stations), dsn))
    waiting = asyncio.ensure_future(settled(dsn, plan, readings))
    try:
        await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
            pytest.fail("the house ended by itself")
        waiting.result()
    finally:
        for task in (running, waiting):
            task.cancel()
            with suppress(asyncio.CancelledError, pytest.fail.Exception):
                await task
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        live = [_row(*row) for row in await (await connection.execute(EVENTS, ("reached",))).fetchall()]
        silences = [_row(*row) for row in await (await connection.execute(EVENTS, ("silence",))).fetchall()]
        counts = "SELECT source, count(*) FROM observation GROUP BY source"
        doors: Counter[str] = Counter(dict(await (await connection.execute(counts)).fetchall()))
    return Played(live, degrees(made, folder / "hindcast"), silences, doors)


def degrees(made: replay.Replay, out: Path) -> list[Row]:
    """degrees.csv of the hindcast of a prepared replay, by station."""
    arguments = ["--stations", str(made.hindcast_stations), "--readings", str(made.readings), "--out", str(out)]
    assert hindcast.main(arguments) == 0
    with (out / "degrees.csv").open(encoding="utf-8", newline="") as file:
        found = [(r["station_id"], r["at"], int(r["from"]), int(r["to"]), r["reason"]) for r in csv.DictReader(file)]
    return sorted(found, key=lambda row: row[0])


def _row(station: str, at: datetime, before: int, after: int, reason: str) -> Row:
    return station, at.astimezone(UTC).isoformat().replace("+00:00", "Z"), before, after, reason


@pytest.mark.timeout(240)
async def test_events_of_an_invented_record_are_those_of_the_hindcast(
    brook: Path, database: str, tmp_path: Path
) -> None:
    played = await play(brook, "brook", 1800.0, database, tmp_path / "demo")
    assert played.live == played.hindcast
    assert {row[0] for row in played.live if row[3] == 3} == {"GONE", "LOW", "MID", "TOP", "ZERO"}
    assert any(row[4] == "skipped" for row in played.live)
    assert any(row[3] == 0 for row in played.live)
    assert set(played.doors) == {"chmu", "tts", "push"}
    assert [(row[0], row[2], row[4]) for row in played.silences] == [("GONE", 3, "lost_rising")]


@pytest.mark.skipif(SHORT not in FLOODS, reason="the recorded floods are not beside this checkout")
@pytest.mark.timeout(240)
async def test_events_of_a_recorded_flood_are_those_of_the_hindcast(database: str, tmp_path: Path) -> None:
    played = await play(REAL, SHORT, 40000.0, database, tmp_path / "demo")
    assert played.live == played.hindcast
    assert len(played.live) >= 10
    assert set(played.doors) == {"chmu", "tts", "push"}


@pytest.mark.long
@pytest.mark.skipif(not FLOODS, reason="the recorded floods are not beside this checkout")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("event", FLOODS)
async def test_events_of_every_recorded_flood(event: str, database: str, tmp_path: Path) -> None:
    played = await play(REAL, event, 40000.0, database, tmp_path / "demo")
    ways, equal = dict(sorted(played.doors.items())), played.live == played.hindcast
    print(f"\n{event}: {ways}, changes {len(played.live)} live, {len(played.hindcast)} hindcast, {equal=}")  # noqa: T201
    assert played.live == played.hindcast
    assert played.live
