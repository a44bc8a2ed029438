"""Limits that change on a day: used from that observation time on, the same live, in any rounds and in a rebuild."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.foresee import foresee
from alerting.rebuild import rebuild
from floodcore.network import load
from floodcore.network.model import Change, Limits, Names, Network, Station
from floodcore.quality.door import at_the_door
from floodcore.store import rulelog
from floodcore.store.connect import Pool
from floodcore.store.foresight import foresights
from floodcore.store.ingest import store
from floodcore.words import Degree, Quantity, Reading
from hladina.commands.rules import main as rules
from hladina.rule_lines import data, lines

T0 = datetime(2026, 6, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
MONDAY = T0 + 20 * STEP
ALWAYS = (T0 - timedelta(days=1), T0 + timedelta(days=30))
STATIONS = Path(__file__).resolve().parents[2] / "station_configs"


def limits(first: float, source: str = "invented") -> Limits:
    return Limits(Quantity.LEVEL, {Degree(1): first, Degree(2): first + 60.0}, source, None)


def station(name: str) -> Station:
    change = Change(limits(70.0, "invented anew"), MONDAY, "M. Vzorová", "the weir was lowered")
    return Station(
        name, Names(name), None, "CZ", "t", (Quantity.LEVEL,), STEP, limits=(limits(100.0),), changes=(change,)
    )


RULEBOOK = Rulebook(Network(stations={name: station(name) for name in "ABCD"}))


async def bring(conn: AsyncConnection, name: str, levels: list[tuple[int, float]]) -> None:
    readings = [Reading(name, Quantity.LEVEL, T0 + i * STEP, v, v, "cm") for i, v in levels]
    async with conn.transaction():
        await store(conn, at_the_door(readings, T0 + timedelta(days=1)), "test", T0 + timedelta(days=1))


async def judge(conn: AsyncConnection) -> None:
    while (await evaluate(conn, RULEBOOK, T0, exercise=False)).claimed:
        pass


async def told(conn: AsyncConnection, name: str) -> list[tuple[int, int, float | None]]:
    cursor = await conn.execute(
        "SELECT at, to_degree, limit_value FROM event WHERE station_id = %s AND kind = 'reached' ORDER BY event_id",
        (name,),
    )
    return [((at - T0) // STEP, degree, limit) for at, degree, limit in await cursor.fetchall()]


async def kept(conn: AsyncConnection, name: str) -> tuple[object, ...]:
    cursor = await conn.execute(
        "SELECT lifecycle::text, degree, st.rule_version, judged_until FROM series_state st"
        " JOIN series USING (series_id) WHERE station_id = %s",
        (name,),
    )
    (row,) = await cursor.fetchall()
    return tuple(row)


async def test_a_limit_of_monday_is_used_from_its_first_reading_on_whatever_comes_together(pool: Pool) -> None:
    levels = [(i, 60.0 + i) for i in range(30)]  # 70 cm at step 10, 80 cm at step 20
    async with pool.connection() as conn:
        await bring(conn, "A", levels)
        await judge(conn)
        for one in levels:
            await bring(conn, "B", [one])
            await judge(conn)
        assert await told(conn, "A") == await told(conn, "B") == [(20, 1, 70.0)]
        a, b = await kept(conn, "A"), await kept(conn, "B")
        assert a == b
        assert a[2] == RULEBOOK.of("A", Quantity.LEVEL, MONDAY).version
        for number in (1, 2):
            found = await rebuild(conn, number, *ALWAYS)
            assert found.sound
            assert len(found.events) == 1


@pytest.mark.parametrize("seed", range(8))
async def test_any_order_and_any_rounds_are_rebuilt_to_the_byte(pool: Pool, seed: int) -> None:
    rng = random.Random(seed)
    level, levels = 70.0, list[tuple[int, float]]()
    for i in range(40):
        level = min(max(level + rng.uniform(-9, 9), 50.0), 150.0)
        levels.append((i, round(level, 1)))
    order = sorted(levels, key=lambda one: one[0] + rng.uniform(0, rng.choice((2, 8))))
    parts = []
    while order:
        size = rng.randint(1, 4)
        parts.append(order[:size])
        order = order[size:]
    async with pool.connection() as conn:
        for part in parts:
            await bring(conn, "A", part)
            await judge(conn)
        for part in parts:
            await bring(conn, "B", part)
            if rng.random() < 0.4:
                await judge(conn)
        await judge(conn)
        assert await told(conn, "A") == await told(conn, "B")
        assert await kept(conn, "A") == await kept(conn, "B")
        cursor = await conn.execute("SELECT series_id FROM series ORDER BY 1")
        for (number,) in await cursor.fetchall():
            assert (await rebuild(conn, number, *ALWAYS)).sound


async def test_the_forecast_looks_at_the_limit_of_its_moment(pool: Pool) -> None:
    levels = [(i, 60.0 + (i % 2)) for i in range(24)]
    async with pool.connection() as conn:

        async def limit_of(name: str) -> float:
            while (await foresee(conn, RULEBOOK, T0 + timedelta(days=1), exercise=False)).claimed:
                pass
            (view,) = [view for view in await foresights(conn) if view.station_id == name]
            assert view.outlook is not None
            return view.outlook.limits[0].limit

        await bring(conn, "A", levels[:20])
        await judge(conn)
        assert await limit_of("A") == 100.0
        await bring(conn, "A", levels[20:])
        await bring(conn, "B", levels)
        await judge(conn)
        assert (await limit_of("A"), await limit_of("B")) == (70.0, 70.0)
        cursor = await conn.execute("SELECT foreseen_until, memory::text, outlook::text FROM foresight")
        first, second = await cursor.fetchall()
        assert first == second


async def test_who_changed_a_rule_and_why_is_kept_and_unknown_is_said_so(pool: Pool) -> None:
    async with pool.connection() as conn:
        await bring(conn, "A", [(i, 60.0) for i in range(25)])
        await judge(conn)
        found = data("A", await rulelog.of_station(conn, "A"), station("A"), T0)
    read = json.loads(json.dumps(found))
    used, to_come = read["used"], read["to_come"]
    assert [(one["since"], one["limits"]["1"], one["author"], one["source"]) for one in used] == [
        ("2026-06-01T00:00:00Z", 100.0, None, "invented"),
        ("2026-06-01T03:20:00Z", 70.0, "M. Vzorová", "invented anew"),
    ]
    assert used[1]["valid_from"] == "2026-06-01T03:20:00Z"
    assert used[1]["reason"] == "the weir was lowered"
    assert [one["limits"]["1"] for one in to_come] == [70.0]
    text = "\n".join(lines(found))
    assert "by not known: not known" in text
    assert "by M. Vzorová: the weir was lowered" in text
    assert "to come" in text


def test_the_command_prints_it_and_knows_a_station_without_a_record(
    database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HLADINA_DATABASE_URL", database)
    monkeypatch.setenv("HLADINA_STATIONS", str(STATIONS))
    some = next(iter(load.read(STATIONS).stations))
    assert rules(["history", some]) == 0
    assert "never judged" in capsys.readouterr().out
    assert rules(["history", some, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["station"] == some
    assert rules(["history", "NOWHERE"]) == 1
    assert "there is no station 'NOWHERE'" in capsys.readouterr().err


def test_the__history_of_a_station_nobody_judged() -> None:
    empty = data("Z", [], None, T0)
    assert lines(empty) == ["never judged, and no change is entered"]
    assert json.loads(json.dumps(empty)) == {"station": "Z", "used": [], "to_come": []}


def test_the_network_of_a_moment_has_the_limits_of_that_moment() -> None:
    network = RULEBOOK.network
    shown = [network.at(at).stations["A"].limits for at in (MONDAY - timedelta.resolution, MONDAY)]
    assert [[each.values[Degree(1)] for each in some] for some in shown] == [[100.0], [70.0]]
    assert network.at(T0).stations.keys() == network.stations.keys()
