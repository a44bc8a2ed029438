"""How devices and series fare, on a real PostgreSQL."""

from datetime import UTC, datetime, timedelta

from floodcore.quality.door import at_the_door
from floodcore.store import wellbeing
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.store.wellbeing import Sign
from floodcore.words import Quantity, Reading

T0 = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)


def level(station: str, number: int, value: float | None = 50.0) -> Reading:
    return Reading(station, Quantity.LEVEL, T0 + number * STEP, value, value, "cm")


async def test_the_newest_word_of_a_device_stands_and_what_it_left_out_stays(pool: Pool) -> None:
    first = Sign("A", "d1", T0, rssi_dbm=-97.0, snr_db=6.5, battery_v=3.6)
    other = Sign("A", "d2", T0, battery_percent=80.0)
    async with pool.connection() as conn:
        await wellbeing.note_signs(conn, "mqtt", [first, other], T0)
        await wellbeing.note_signs(conn, "mqtt", [Sign("A", "d1", T0 + STEP, rssi_dbm=-110.0)], T0 + STEP)
        await wellbeing.note_signs(conn, "mqtt", [Sign("A", "d1", T0 - STEP, rssi_dbm=-50.0)], T0 + 2 * STEP)
        assert await wellbeing.of_devices(conn, "A") == [
            Sign("A", "d1", T0 + STEP, rssi_dbm=-110.0, snr_db=6.5, battery_v=3.6),
            other,
        ]
        assert await wellbeing.of_devices(conn, "B") == []


async def test_of_one_device_twice_in_a_batch_the_newer_word_stands(pool: Pool) -> None:
    batch = [Sign("A", "d", T0 + STEP, rssi_dbm=-90.0), Sign("A", "d", T0, rssi_dbm=-80.0)]
    async with pool.connection() as conn:
        await wellbeing.note_signs(conn, "mqtt", batch, T0 + STEP)
        assert await wellbeing.of_devices(conn) == [batch[0]]


async def test_count_delay_and_quality_of_the_last_day(pool: Pool) -> None:
    async with pool.connection() as conn:
        for number in range(10):
            value = -9999.0 if number == 4 else 50.0
            delay = timedelta(minutes=3 if number < 8 else 30)
            now = T0 + number * STEP + delay
            async with conn.transaction():
                await store(conn, at_the_door([level("A", number, value)], now), "chmu", now)
        late = T0 + 10 * STEP
        async with conn.transaction():
            await store(conn, at_the_door([level("A", -1)], late), "chmu", late)
        assert [each.readings for each in await wellbeing.of_series(conn, late)] == [None]
        assert await wellbeing.measure(conn, late) == 1
        (found,) = await wellbeing.of_series(conn, late, "A")
        assert (found.readings, found.good, found.source) == (11, 10, "chmu")
        assert found.median_delay_s == 180.0, "what came late says nothing of the way"
        (source,) = await wellbeing.of_sources(conn, late)
        assert (source.source, source.series, source.readings, source.good) == ("chmu", 1, 11, 10)
        next_day = late + timedelta(hours=25)
        assert await wellbeing.measure(conn, next_day) == 0
        (found,) = await wellbeing.of_series(conn, next_day)
        assert (found.readings, found.good) == (0, 0), "old figures are not shown as today's"
        assert await wellbeing.of_sources(conn, next_day) == []


async def test_a_stamp_ahead_of_our_clock_is_noted_one_behind_is_not(pool: Pool) -> None:
    async with pool.connection() as conn:
        refused = at_the_door([level("A", 6), level("A", 7), level("B", -600_000)], T0)
        await store(conn, refused, "push", T0)
        rows = await (await conn.execute("SELECT station_id, source, ahead_s, at FROM ahead")).fetchall()
        assert rows == [("A", "push", 4200.0, T0)]


async def test_a_file_of_a_whole_day_does_not_make_the_way_slow(pool: Pool) -> None:
    """The first answer of a polled source holds a day: its newest reading says how long the way takes."""
    now = T0 + 100 * STEP + timedelta(minutes=4)
    async with pool.connection() as conn:
        await store(conn, at_the_door([level("A", number) for number in range(101)], now), "chmu", now)
        assert await wellbeing.measure(conn, now) == 1
        (found,) = await wellbeing.of_series(conn, now)
    assert (found.readings, found.median_delay_s) == (101, 240.0)


async def test_the_health_of_many_is_worked_out_in_turns(pool: Pool) -> None:
    async with pool.connection() as conn:
        await store(conn, at_the_door([level(name, 0) for name in "ABCDE"], T0), "chmu", T0)
        assert [await wellbeing.measure(conn, T0, 2) for _ in range(4)] == [2, 2, 1, 0]
        assert await wellbeing.measure(conn, T0 + wellbeing.EVERY, 9) == 5
        assert await wellbeing.measure(conn, T0, 9) == 5, "a clock that was put back does not stop it"
