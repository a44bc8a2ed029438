"""The record completed from the ways back, over real HTTP and a real database."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, LiteralString

import pytest
from aiohttp import web

from collectors import fetch, repair
from collectors.faults import DecodeError
from collectors.repair_ways import stored_uplinks
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.quality.door import at_the_door
from floodcore.store import book
from floodcore.store.connect import Pool
from floodcore.store.ingest import store
from floodcore.words import Quantity, Reading
from simulators.chmu_server import ChmuServer
from simulators.outage import Mode
from simulators.sample import Feed, Sample
from simulators.tts_storage import ROOT, TtsStorage
from tests.rows import rows_of

if TYPE_CHECKING:
    from tests.collectors.conftest import Houses, Served

Runs = Callable[[web.Application], AbstractAsyncContextManager[str]]
TEN = timedelta(minutes=10)
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def at(moment: datetime) -> Clock:
    return Clock(moment, datetime.now(UTC))


def crest(moment: datetime) -> float:
    """An invented wave whose top lies in the gap."""
    return round(80 + 100 * math.exp(-(((moment - MIDNIGHT) / timedelta(hours=6) - 2) ** 2)))


def record(start: datetime, end: datetime, step: timedelta = TEN) -> list[datetime]:
    return [start + n * step for n in range(int((end - start) / step))]


async def bring(pool: Pool, station: str, times: Sequence[datetime], quantity: Quantity = Quantity.LEVEL) -> None:
    readings = [Reading(station, quantity, each, crest(each), crest(each), "cm") for each in times]
    now = max(times) + timedelta(minutes=1)
    async with pool.connection() as conn, conn.transaction():
        await store(conn, at_the_door(readings, now), "test", now)


GAPS: LiteralString = (
    "SELECT station_id, after_at, before_at, expected, found, state FROM gap JOIN series USING (series_id)"
)
HOLE = (MIDNIGHT + timedelta(hours=6), MIDNIGHT + timedelta(hours=20))


def holed() -> list[datetime]:
    """Two and a half days at ten minutes, fourteen hours of them missing."""
    return [each for each in record(MIDNIGHT, NOW) if not HOLE[0] < each < HOLE[1]]


def feed(way: str, address: str, station: str, times: Sequence[datetime], **more: Any) -> Feed:
    samples = tuple(Sample(each, crest(each), each + timedelta(seconds=5)) for each in times)
    sensor, zero = more.pop("sensor", ""), more.pop("zero_cm", None)
    return Feed(station, Quantity.LEVEL, way, address, sensor, zero, TEN, samples, exact=True)


async def one_round(house: House) -> list[str]:
    async with fetch.session(door=fetch.door(house.settings)) as http:
        return await repair.one_round(house, http)


async def later(house: House, minutes: float) -> House:
    clock = at(house.clock.now() + timedelta(minutes=minutes))
    return replace(house, settings=replace(house.settings, clock=clock))


async def test_a_gap_is_noted_once_and_filled_from_the_files_of_past_days(
    houses: "Houses", application_runs: Runs, pool: Pool
) -> None:
    house = houses(clock=at(NOW))
    server = ChmuServer(house.network, house.clock)
    server.show([feed("chmu", "0-203-1-999002", "jez", record(MIDNIGHT, NOW))])
    await bring(pool, "jez", holed())
    async with application_runs(server.application()) as url:
        house = houses(clock=at(NOW), chmu_url=url)
        assert await one_round(house) == []
        assert await rows_of(pool, GAPS) == [("jez", *HOLE, 83, 0, "open")], "it may be closing by itself"
        house = await later(house, 6)
        assert await one_round(house) == []
        assert await rows_of(pool, GAPS) == [("jez", *HOLE, 83, 83, "repaired")]
        before = await rows_of(pool, "SELECT count(*), sum(value) FROM observation")
        assert await one_round(await later(house, 600)) == []
    stored = await rows_of(pool, "SELECT observed_at, value, late, source FROM observation ORDER BY 1")
    assert [(row[0], row[1]) for row in stored] == [(each, crest(each)) for each in record(MIDNIGHT, NOW)]
    assert all(late is (HOLE[0] < when < HOLE[1]) for when, _, late, _ in stored)
    assert {source for when, _, late, source in stored if late} == {"chmu"}
    assert await rows_of(pool, "SELECT count(*), sum(value) FROM observation") == before
    assert await rows_of(pool, "SELECT count(*) FROM contradiction") == [(0,)]


async def test_what_was_repaired_stands_in_the_flood_book_and_is_never_judged(
    houses: "Houses", application_runs: Runs, pool: Pool
) -> None:
    house = houses(clock=at(NOW))
    server = ChmuServer(house.network, house.clock)
    server.show([feed("chmu", "0-203-1-999002", "jez", record(MIDNIGHT, NOW))])
    await bring(pool, "jez", holed())
    async with pool.connection() as conn:
        await conn.execute("DELETE FROM dirty")
    async with application_runs(server.application()) as url:
        house = houses(clock=at(NOW), chmu_url=url)
        await one_round(house)
        await one_round(await later(house, 6))
    assert await rows_of(pool, "SELECT count(*) FROM dirty") == [(0,)], "late readings leave no mark"
    async with pool.connection() as conn:
        assert (await book.verify(conn)).entries == 1
        async with conn.transaction():
            (entry,) = [each async for each in book.read(conn)]
    assert entry.kind == "repaired"
    assert entry.entry["station"] == "jez"
    assert entry.entry["highest"] == 180.0
    assert entry.entry["found"] == 83


@pytest.mark.parametrize("mode", [Mode.ERROR_503, Mode.HTML, Mode.TRUNCATED, Mode.RESET, Mode.GZIP_BOMB, Mode.REDIRECT])
async def test_a_way_back_that_fails_is_asked_again_later(
    houses: "Houses", application_runs: Runs, pool: Pool, mode: Mode
) -> None:
    house = houses(clock=at(NOW))
    server = ChmuServer(house.network, house.clock)
    server.show([feed("chmu", "0-203-1-999002", "jez", record(MIDNIGHT, NOW))])
    server.outages.set(mode, "recent")
    await bring(pool, "jez", holed())
    async with application_runs(server.application()) as url:
        house = houses(clock=at(NOW), chmu_url=url)
        await one_round(house)
        house = await later(house, 6)
        assert len(await one_round(house)) == 1
        ((state, tries, fault),) = await rows_of(pool, "SELECT state, tries, fault FROM gap")
        assert (state, tries) == ("open", 1)
        assert fault
        assert await one_round(await later(house, 5)) == [], "not before its pause is over"
        server.outages.set(Mode.OK, "recent")
        assert await one_round(await later(house, 25)) == []
    assert await rows_of(pool, "SELECT state, found FROM gap") == [("repaired", 83)]


async def test_a_source_without_the_data_is_asked_a_few_times_and_then_left(
    houses: "Houses", site: "tuple[Served, str]", pool: Pool
) -> None:
    served, url = site
    await bring(pool, "jez", holed())
    house = houses(clock=at(NOW), chmu_url=url)
    for _ in range(repair.MOST_TRIES + 3):
        assert await one_round(house) == []
        house = await later(house, 361)
    ((state, tries, found),) = await rows_of(pool, "SELECT state, tries, found FROM gap")
    assert (state, tries, found) == ("given_up", repair.MOST_TRIES, 0)
    assert len(served.asked) == repair.MOST_TRIES


async def test_a_gap_of_today_waits_until_the_file_of_the_day_is_there(
    houses: "Houses", site: "tuple[Served, str]", pool: Pool
) -> None:
    served, url = site
    today = [each for each in record(NOW - timedelta(hours=6), NOW) if not 9 <= each.hour < 11]
    await bring(pool, "jez", today)
    house = houses(clock=at(NOW), chmu_url=url)
    for _ in range(4):
        await one_round(house)
        house = await later(house, 31)
    assert served.asked == []
    assert await rows_of(pool, "SELECT state, tries FROM gap") == [("open", 0)]


async def test_what_a_slow_logger_still_brings_closes_its_gap(houses: "Houses", pool: Pool) -> None:
    await bring(pool, "brod", holed())
    house = houses(clock=at(NOW))
    await one_round(house)
    await bring(pool, "brod", [each for each in record(MIDNIGHT, NOW) if HOLE[0] < each < HOLE[1] - 3 * TEN])
    house = await later(house, 6)
    await one_round(house)
    assert await rows_of(pool, "SELECT state, found FROM gap") == [("open", 80)]
    await bring(pool, "brod", [HOLE[1] - 3 * TEN, HOLE[1] - TEN])  # one of them came off its beat
    await one_round(await later(house, 60))
    ((state, found),) = await rows_of(pool, "SELECT state, found FROM gap")
    assert found == 82
    assert state in {"open", "repaired"}
    await bring(pool, "brod", [HOLE[1] - 2 * TEN])
    await one_round(await later(house, 500))
    assert await rows_of(pool, "SELECT state, found FROM gap") == [("repaired", 83)]


async def test_what_is_too_old_is_given_up(houses: "Houses", pool: Pool) -> None:
    await bring(pool, "brod", holed())
    house = houses(clock=at(NOW))
    await one_round(house)
    await one_round(await later(house, 60 * 24 * 8))
    assert await rows_of(pool, "SELECT state FROM gap") == [("given_up",)]


async def test_a_round_asks_no_more_than_its_budget(
    houses: "Houses", site: "tuple[Served, str]", pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    served, url = site
    monkeypatch.setattr(repair, "REQUESTS", 3)
    every_third_hour = [each for each in record(NOW - timedelta(days=5), NOW - timedelta(days=1)) if each.hour % 3]
    await bring(pool, "jez", every_third_hour)
    await bring(pool, "mlyn", every_third_hour)
    house = houses(clock=at(NOW), chmu_url=url)
    await one_round(house)
    house = await later(house, 6)
    await one_round(house)
    assert len(served.asked) == 3
    await one_round(house)
    assert len(served.asked) == 6, "and goes on where it stopped"
    assert len({path for path, _ in served.asked}) >= 5


async def test_uplinks_come_again_from_the_storage_of_the_stack(
    houses: "Houses", application_runs: Runs, pool: Pool
) -> None:
    storage = TtsStorage(at(NOW), "key-of-the-test")
    everything = record(MIDNIGHT, NOW)
    storage.keep([feed("tts", "ldds-lavka", "lavka", everything, sensor="dragino_ldds", zero_cm=400.0)])
    await bring(pool, "lavka", holed())
    async with application_runs(storage.application()) as url:
        changes = {"clock": at(NOW), "tts_storage_url": url + ROOT, "tts_storage_key": "key-of-the-test"}
        house = houses(**changes)
        await one_round(house)
        wrong = await later(houses(**changes | {"tts_storage_key": "wrong"}), 6)
        (fault,) = await one_round(wrong)
        assert "401" in fault
        assert await one_round(await later(house, 30)) == []
    assert await rows_of(pool, "SELECT state, found FROM gap") == [("repaired", 83)]
    late = await rows_of(pool, "SELECT observed_at, value, source FROM observation WHERE late ORDER BY 1")
    assert late == [(each, crest(each), "tts") for each in everything if HOLE[0] < each < HOLE[1]]
    assert "key-of-the-test" not in str(await rows_of(pool, "SELECT * FROM gap"))


@pytest.mark.parametrize(
    "body", [b"{", b'{"error":{"code":3}}\n', b"[1]", b"<html>", b'{"result":' + b"[" * 99_999, b"\xff"]
)
def test_an_answer_of_the_storage_that_is_none(body: bytes) -> None:
    with pytest.raises(DecodeError):
        stored_uplinks(body, "ldds-lavka", {})


def test_of_the_uplinks_of_the_storage_the_bad_ones_are_left_out() -> None:
    found = stored_uplinks(b'{"result":{"end_device_ids":{"device_id":"x"}}}\n\n{"result":{}}\n', "x", {})
    assert found.readings == ()
    assert len(found.faults) == 2
