"""`hladina rebuild`: says which series differ from their record, and exits with 1 if any does."""

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.foresee import foresee
from floodcore.network import load
from floodcore.network.model import Station
from floodcore.quality.door import at_the_door
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.words import Degree, Quantity, Reading
from hladina.commands.rebuild import main
from tests.engine.test_foresee import T0

STATIONS = Path(__file__).resolve().parents[2] / "station_configs"
NETWORK = load.read(STATIONS)
RULEBOOK = Rulebook(NETWORK)


def pair() -> tuple[Station, Station]:
    """A Czech gauge whose level has limits, and one above it."""
    known = NETWORK.stations
    for one in known.values():
        limits = one.limits_of(Quantity.LEVEL)
        if one.country == "CZ" and limits is not None and not one.changes:
            for name in one.upstream:
                if name in known and known[name].limits_of(Quantity.LEVEL) is not None:
                    return one, known[name]
    raise AssertionError


async def flood(conn: AsyncConnection) -> None:
    """A rise past the first limit of both gauges; the one above is late at times, and so is the other."""
    lower, upper = pair()
    rng, known, waiting = random.Random(7), list[Reading](), list[Reading]()
    for i in range(40):
        for station in (upper, lower):
            limits = station.limits_of(Quantity.LEVEL)
            assert limits is not None
            top = limits.values[Degree.VIGILANCE]
            level = round(top - 60.0 + 70.0 * min(1.0, max(0.0, (i - 12) / 20)) ** 1.5, 1)
            known.append(Reading(station.id, Quantity.LEVEL, T0 + i * station.interval, level, level, "cm"))
        now = known[-1].observed_at + timedelta(minutes=4)
        due = [*waiting, *known[-2:]]
        waiting = [each for each in due if i < 39 and rng.random() < 0.25]
        async with conn.transaction():
            await store(conn, at_the_door([each for each in due if each not in waiting], now), "test", now)
        await evaluate(conn, RULEBOOK, now, exercise=False)
        await foresee(conn, RULEBOOK, now, exercise=False)


async def test_a_record_that_differs_is_named_and_the_exit_code_is_1(
    pool: Pool, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HLADINA_DATABASE_URL", database)
    monkeypatch.setenv("HLADINA_STATIONS", str(STATIONS))
    lower, upper = pair()

    async def command(*arguments: str) -> tuple[int, str]:
        code = await asyncio.to_thread(main, arguments)
        return code, capsys.readouterr().out

    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        assert (await asyncio.to_thread(main, ()), capsys.readouterr().err) == (
            1,
            "rebuild: there is nothing judged to compare\n",
        )
        await flood(conn)
        code, said = await command()
        assert (code, said.startswith("2 series judged again, ")) == (0, True), said
        assert int(said.split(" series judged again, ")[1].split(" ")[0]) >= 4, "events of degrees and of forecasts"
        async with conn.transaction():
            cursor = await conn.execute("SELECT count(*) FROM event WHERE kind = 'expected'")
            assert (await cursor.fetchone() or (0,))[0] >= 1
        await conn.execute("UPDATE foresight SET issued_at = issued_at - interval '1 minute'")
        code, said = await command(upper.id)
        assert (code, said.splitlines()[0]) == (
            1,
            f"{upper.id} level: forecast: what stands is not what the readings lead to",
        )
        assert "1 series judged again" in said
        await conn.execute("UPDATE foresight SET issued_at = issued_at + interval '1 minute'")
        await conn.execute("UPDATE observation SET value = value + 90 WHERE observed_at > %s", (T0,))
        code, said = await command(lower.id)
        assert code == 1
        assert f"{lower.id} level: what is remembered is not what the readings lead to" in said
        assert "events are missing" in said
        await conn.execute("UPDATE foresight SET made_by = 'another'")
        _, said = await command(lower.id)
        assert "1 not compared as a whole" in said
        assert "forecast:" not in said


async def test_what_another_engine_judged_hides_no_difference_and_is_no_agreement(
    pool: Pool, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HLADINA_DATABASE_URL", database)
    monkeypatch.setenv("HLADINA_STATIONS", str(STATIONS))
    lower, upper = pair()
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        await flood(conn)
        other_engine = (
            "UPDATE rule_version SET rules = jsonb_set(rules, '{engine}', '3')"
            " WHERE rule_version IN (SELECT rule_version FROM rule_use JOIN series USING (series_id)"
            " WHERE station_id = %s)"
        )
        await conn.execute(other_engine, (upper.id,))
        code = await asyncio.to_thread(main, (lower.id,))
        said = capsys.readouterr().out
        assert code == 0
        assert said.startswith("1 series judged again, "), "its degrees, though not what was foreseen by the other"
        assert "1 not compared as a whole" in said
        await conn.execute(
            "UPDATE observation SET value = value + 90 WHERE observed_at > %s"
            " AND series_id = (SELECT series_id FROM series WHERE station_id = %s)",
            (T0, lower.id),
        )
        code = await asyncio.to_thread(main, ())
        said = capsys.readouterr().out
        assert code == 1
        assert f"{lower.id} level: " in said
        assert "events are missing" in said
        assert "1 series judged again, " in said
        assert "2 not compared as a whole" in said
        assert await asyncio.to_thread(main, (upper.id,)) == 1
        said, error = capsys.readouterr()
        assert said == ""
        assert error.startswith("rebuild: nothing was compared: judged by another engine")
