"""Rain of buckets: from differences of the counter only, each tip once, whatever is lost, repeated or reset."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.counters import Counted, fallen
from collectors.mounted import Count, Heard
from collectors.samples import Tips
from collectors.settling import settle
from floodcore.store.connect import Pool
from floodcore.words import Quantity, Reading

BEGIN = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
TEN = timedelta(minutes=10)


def count(step: float, total: int, interval: int = 0, tip_mm: float = 0.1) -> Count:
    return Count("hreben", "tts:b:1", BEGIN + step * TEN, Tips(interval, 600, total % 2**32, "1"), tip_mm)


def known(total: int, step: float = 0) -> dict[str, Counted]:
    return {"tts:b:1": Counted(BEGIN + step * TEN, total)}


def rain(readings: list[Reading]) -> list[tuple[float, float | None, bool]]:
    return [((r.observed_at - BEGIN) / TEN, r.value, r.history) for r in readings]


def test_the_first_count_proves_nothing() -> None:
    found = fallen([count(0, 500, 5)], {})
    assert found.readings == []
    assert found.counters == known(500)


def test_differences_not_the_tips_of_the_frame() -> None:
    found = fallen([count(1, 503, 3), count(2, 503, 0), count(3, 510, 7)], known(500))
    assert rain(found.readings) == [(1, 0.3, False), (2, 0.0, False), (3, 0.7, False)]


def test_a_lost_frame_loses_nothing_and_its_rain_is_no_burst_of_now() -> None:
    found = fallen([count(4, 540, 4)], known(500))
    assert rain(found.readings) == [(4, 0.4, False), (3, 3.6, True)]


def test_repeated_and_overtaken_frames_add_nothing() -> None:
    found = fallen([count(1, 503, 3), count(1, 503, 3), count(3, 510, 2)], known(500))
    assert sum(r.value or 0 for r in found.readings) == pytest.approx(1.0)
    again = fallen([count(1, 503, 3), count(2, 508, 5), count(3, 510, 2)], found.counters)
    assert again.readings == []
    assert again.counters == {}


@pytest.mark.parametrize("total", [0, 7, 499])
def test_the_first_count_after_a_reset_proves_nothing(total: int) -> None:
    found = fallen([count(1, total, 7), count(2, total + 4, 4)], known(500))
    assert rain(found.readings) == [(2, 0.4, False)]


def test_the_counter_runs_over_without_a_storm() -> None:
    found = fallen([count(1, 2**32 + 2, 5)], known(2**32 - 3))
    assert rain(found.readings) == [(1, 0.5, False)]


@pytest.mark.parametrize(("step", "tips"), [(1, 4001), (1, 100_000), (1000, 80_000), (144, 20_000)])
def test_more_than_can_fall_is_a_counter_that_was_set(step: float, tips: int) -> None:
    assert fallen([count(step, 500 + tips, 5)], known(500)).readings == []


def test_a_storm_is_believed() -> None:
    """400 mm in the hours of Zinnwald's kind of day, 60 mm of it in ten minutes."""
    found = fallen([count(1, 1100, 600), count(72, 4500, 10)], known(500))
    assert sum(r.value or 0 for r in found.readings) == pytest.approx(400.0)


def test_the_millimetres_of_a_tip_belong_to_the_bucket() -> None:
    assert rain(fallen([count(1, 503, 3, 0.2)], known(500)).readings) == [(1, 0.6, False)]


@settings(max_examples=300)
@given(
    tips=st.lists(st.integers(0, 60), min_size=1, max_size=30),
    seed=st.integers(0, 2**32),
    start=st.integers(0, 2**32 - 1),
)
def test_every_tip_counts_once_whatever_way_the_frames_take(tips: list[int], seed: int, start: int) -> None:
    """Lost, repeated, in any order and in any batches: up to the newest count that came, all tips and no tip twice."""
    rng = random.Random(seed)
    totals = [start]
    for each in tips:
        totals.append(totals[-1] + each)
    sent = [count(step, total, tips[step - 1] if step else 0) for step, total in enumerate(totals)]
    way = [each for each in sent[1:] if rng.random() > 0.3] * 2
    rng.shuffle(way)
    stood, readings = dict(known(start)), []
    while way:
        size = rng.randrange(1, 6)
        found = fallen(way[:size], stood)
        stood |= found.counters
        readings += found.readings
        way = way[size:]
    newest = max(each.at for each in [sent[0], *(c for c in sent if c.at <= stood["tts:b:1"].at)])
    reached = round((newest - BEGIN) / TEN)
    assert sum(r.raw_value or 0 for r in readings) == sum(tips[:reached])
    assert len({(r.observed_at, r.history) for r in readings}) == len(readings)


async def test_counters_move_with_the_rain_in_one_transaction(pool: Pool) -> None:
    now = datetime.now(UTC)
    shift = now - BEGIN - 10 * TEN

    def moved(*counts: Count) -> Heard:
        return Heard(counts=[Count(c.station_id, c.counter, c.at + shift, c.tips, c.tip_mm) for c in counts])

    async def rows() -> list[tuple[float, bool]]:
        cursor = await conn.execute("SELECT value, late FROM observation ORDER BY observed_at")
        return await cursor.fetchall()

    async with pool.connection() as conn:
        await settle(conn, "tts", moved(count(1, 500, 2)), [], now)
        assert await rows() == []
        await settle(conn, "tts", moved(count(2, 502, 2), count(3, 505, 3)), [], now)
        await settle(conn, "tts", moved(count(2, 502, 2), count(3, 505, 3)), [], now)  # the broker sends again
        assert await rows() == [(0.2, False), (0.3, False)]
        await settle(conn, "tts", moved(count(7, 525, 5)), [], now)
        assert await rows() == [(0.2, False), (0.3, False), (1.5, True), (0.5, False)]
        await settle(
            conn, "tts", moved(count(12, 999, 5)), [], now
        )  # a clock ahead of ours must not swallow what follows
        await settle(conn, "tts", moved(count(8, 530, 5)), [], now)
        assert (await rows())[-1] == (0.5, False)
        assert await (await conn.execute("SELECT * FROM contradiction")).fetchall() == []


async def test_history_is_late_whenever_it_comes_and_never_stands_in_the_way(pool: Pool) -> None:
    now = datetime.now(UTC).replace(microsecond=0)

    def reading(minutes: int, value: float, *, history: bool = False) -> Reading:
        return Reading("brod", Quantity.LEVEL, now - timedelta(minutes=minutes), value, value, "cm", history)

    async with pool.connection() as conn:

        async def rows() -> list[tuple[float, bool]]:
            cursor = await conn.execute("SELECT value, late FROM observation ORDER BY observed_at")
            return await cursor.fetchall()

        await settle(conn, "tts", Heard([reading(30, 300, history=True), reading(20, 290, history=True)]), [], now)
        assert await (await conn.execute("SELECT * FROM dirty")).fetchall() == []
        # live, of the same time as a remembered one, and newer; then repeated
        live = Heard([reading(20, 290), reading(10, 100)])
        await settle(conn, "tts", live, [], now)
        await settle(conn, "tts", Heard([reading(20, 290), reading(10, 100), reading(5, 100)]), [], now)
        await settle(conn, "tts", Heard([reading(25, 295, history=True), reading(2, 99, history=True)]), [], now)
        await settle(conn, "tts", Heard([reading(2, 99), reading(1, 99)]), [], now)
        assert await rows() == [
            (300, True),
            (295, True),
            (290, True),
            (100, False),
            (100, False),
            (99, True),
            (99, False),
        ]
        assert await (await conn.execute("SELECT * FROM contradiction")).fetchall() == []
