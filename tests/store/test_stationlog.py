"""What happened to a station, from what the others write."""

from datetime import UTC, datetime, timedelta

from floodcore.quality.door import at_the_door
from floodcore.store import gaps, incidents, stationlog
from floodcore.store.connect import Pool
from floodcore.store.gaps import NewGap
from floodcore.store.incidents import NewIncident
from floodcore.store.ingest import store
from floodcore.words import Quantity, Reading

T0 = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)


async def test_everything_that_happened_newest_first_and_nothing_of_others(pool: Pool) -> None:
    async with pool.connection() as conn:
        for name in ("A", "B"):
            readings = [Reading(name, Quantity.LEVEL, T0 + n * STEP, 50.0, 50.0, "cm") for n in (0, 1, 6)]
            early = Reading(name, Quantity.LEVEL, T0 + timedelta(days=3), 50.0, 50.0, "cm")
            await store(conn, at_the_door([*readings, early], T0 + 6 * STEP), "push", T0 + 6 * STEP)
        ((series,),) = await (await conn.execute("SELECT series_id FROM series WHERE station_id = 'A'")).fetchall()
        await gaps.note(conn, [NewGap(series, T0 + STEP, T0 + 6 * STEP, 4)], T0 + 7 * STEP, T0 + 7 * STEP)
        (gap,) = await gaps.due(conn, T0 + 7 * STEP, 9)
        await gaps.move(conn, gap, found=4, state=gaps.REPAIRED, tried=True, next_at=T0, fault="", now=T0 + 8 * STEP)
        number = await incidents.begin(
            conn, NewIncident("transport", "push", T0 + 9 * STEP, 4, 5, 0, None, ("A", "C", "D", "E"))
        )
        assert number is not None
        await incidents.hear(conn, ["A"], T0 + 10 * STEP)
        for n in range(3):
            await conn.execute(
                "INSERT INTO verdict VALUES (%s, %s, 3, 'jump'), (%s, %s, 3, 'jump')",
                (series, T0 + n * STEP, series, T0 + timedelta(hours=5) + n * STEP),
            )
        found = await stationlog.log(conn, "A", T0 - STEP, 50)
        of_b = await stationlog.log(conn, "B", T0 - STEP, 50)
    assert [(entry.kind, entry.at, entry.count) for entry in found] == [
        ("doubt", T0 + timedelta(hours=5), 3),
        ("heard", T0 + 10 * STEP, None),
        ("incident", T0 + 9 * STEP, 4),
        ("repaired", T0 + 8 * STEP, 4),
        ("refused", T0 + 6 * STEP, 1),
        ("gap", T0 + STEP, 4),
        ("connected", T0, None),
        ("doubt", T0, 3),
    ]
    assert found[2].word == "transport:push"
    assert found[4].word == "future"
    assert [entry.kind for entry in of_b] == ["refused", "connected"]


async def test_the_beginning_stays_and_the_rest_is_of_the_span(pool: Pool) -> None:
    async with pool.connection() as conn:
        await store(conn, at_the_door([Reading("A", Quantity.LEVEL, T0, 50.0, 50.0, "cm")], T0), "push", T0)
        await incidents.begin(conn, NewIncident("all", "", T0, 4, 5, 0, None, ("A",)))
        assert [entry.kind for entry in await stationlog.log(conn, "A", T0 + STEP, 50)] == ["connected"]
        assert await stationlog.log(conn, "nobody", T0 - STEP, 50) == []
