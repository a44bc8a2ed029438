"""Rounds of polling against a tiny server: cursors, repeats, outages, partial failure."""

import asyncio
import json
import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from psycopg import Error as DatabaseError

from collectors import chmu, fetch, polling
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.network.model import Limits, Network
from floodcore.store.connect import Pool
from floodcore.store.sources import cursors
from floodcore.supervision import Pulse
from floodcore.words import Degree, Quantity
from tests.rows import rows_of

if TYPE_CHECKING:
    from tests.collectors.conftest import Houses, Served

DATA = "/hydrology/now/data/"
FIRST, SECOND = "0-203-1-999001", "0-203-1-999002"


def a_file(obj_id: str, *values: float | None, code: str = "H") -> bytes:
    data = [{"dt": f"2026-11-22T23:{10 * i:02}:00Z", "value": value} for i, value in enumerate(values)]
    series = {"tsConID": code, "unit": "CM", "tsData": data}
    return json.dumps({"objList": [{"objID": obj_id, "tsList": [series]}]}).encode()


def index(served: "Served", *obj_ids: str) -> None:
    page = "".join(f'<a href="{obj_id}.json">{obj_id}.json</a>' for obj_id in obj_ids)
    served.file(DATA, page.encode(), "text/html")


async def rounds(house: House, times: int = 1) -> None:
    memory = polling.Memory(chmu.POLLED, {})
    async with fetch.session() as http:
        for _ in range(times):
            await polling.one_round(house, http, memory)


@pytest.fixture
def house(houses: "Houses", site: "tuple[Served, str]") -> House:
    return houses(chmu_url=site[1])


async def test_only_listed_stations_are_asked_and_only_linked_ones(
    house: House, site: "tuple[Served, str]", pool: Pool
) -> None:
    served, _ = site
    index(served, FIRST, "0-203-1-777777")
    served.file(f"{DATA}{FIRST}.json", a_file(FIRST, 100, None, 102))
    await rounds(house)
    assert [path for path, _ in served.asked] == [DATA, f"{DATA}{FIRST}.json"]
    assert await rows_of(
        pool, "SELECT station_id, value FROM observation JOIN series USING (series_id) ORDER BY 2"
    ) == [
        ("mlyn", 100.0),
        ("mlyn", 102.0),
    ]
    ((source, fault, readings),) = await rows_of(pool, "SELECT source, fault, readings FROM source_health")
    assert (source, fault, readings) == ("chmu", "", 2)


async def test_an_unchanged_file_is_not_read_again_and_the_cursor_survives_a_restart(
    house: House, site: "tuple[Served, str]", pool: Pool
) -> None:
    served, _ = site
    index(served, FIRST)
    served.file(f"{DATA}{FIRST}.json", a_file(FIRST, 100))
    await rounds(house, 2)
    async with pool.connection() as conn:
        memory = polling.Memory(chmu.POLLED, dict(await cursors(conn, "chmu")))
    async with fetch.session() as http:
        await polling.one_round(house, http, memory)
    assert [status for path, status in served.asked if path != DATA] == [200, 304, 304]


async def test_a_filled_gap_arrives(house: House, site: "tuple[Served, str]", pool: Pool) -> None:
    served, _ = site
    index(served, FIRST)
    memory = polling.Memory(chmu.POLLED, {})
    async with fetch.session() as http:
        for values in ((100, None, 102), (100, 101, 102, 103)):
            served.file(f"{DATA}{FIRST}.json", a_file(FIRST, *values))
            await polling.one_round(house, http, memory)
    stored = await rows_of(pool, "SELECT value, late FROM observation ORDER BY observed_at")
    assert stored == [(100.0, False), (101.0, True), (102.0, False), (103.0, False)]
    assert await rows_of(pool, "SELECT readings FROM source_health") == [(4,)]
    assert await rows_of(pool, "SELECT * FROM contradiction") == []


async def test_what_came_too_early_for_our_clock_is_taken_when_its_time_has_come(
    houses: "Houses", site: "tuple[Served, str]", pool: Pool
) -> None:
    """Our clock may be the one that lags: the reading must not be forgotten because it was refused once."""
    served, address = site
    index(served, FIRST)
    served.file(f"{DATA}{FIRST}.json", a_file(FIRST, 100, 101))
    begin = datetime(2026, 11, 22, 23, 1, tzinfo=UTC)
    memory = polling.Memory(chmu.POLLED, {})
    async with fetch.session() as http:
        for minutes in (0, 1, 2, 8):
            clock = Clock(begin + timedelta(minutes=minutes), datetime.now(UTC))
            await polling.one_round(houses(chmu_url=address, clock=clock), http, memory)
    assert await rows_of(pool, "SELECT value FROM observation ORDER BY 1") == [(100.0,), (101.0,)]
    assert await rows_of(pool, "SELECT count(*) FROM quarantine") == [(1,)], "said once, not at every poll"


async def test_a_stamp_hours_ahead_never_takes_the_place_of_the_true_reading(
    houses: "Houses", site: "tuple[Served, str]", pool: Pool
) -> None:
    served, address = site
    index(served, FIRST)
    served.file(f"{DATA}{FIRST}.json", a_file(FIRST, 100, 101))
    before = datetime(2026, 11, 22, 20, 51, tzinfo=UTC)  # the first stamp is 129 minutes ahead, the second 139
    memory = polling.Memory(chmu.POLLED, {})
    async with fetch.session() as http:
        for minutes in (0, 60, 100, 131, 145):
            clock = Clock(before + timedelta(minutes=minutes), datetime.now(UTC))
            await polling.one_round(houses(chmu_url=address, clock=clock), http, memory)
        assert await rows_of(pool, "SELECT value FROM observation") == []
        served.file(f"{DATA}{FIRST}.json", a_file(FIRST, 55, 56))
        await polling.one_round(houses(chmu_url=address, clock=clock), http, memory)
    assert await rows_of(pool, "SELECT value FROM observation ORDER BY 1") == [(55.0,), (56.0,)]


async def test_a_long_wait_for_the_next_round_beats(
    houses: "Houses", site: "tuple[Served, str]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The health page calls a stage dead that has not beaten for half a minute; the pause is a whole one."""
    monkeypatch.setattr(polling, "_BEAT_S", 0.05)
    served, address = site
    index(served, FIRST)
    beats: list[float] = []

    class Heard(Pulse):
        def beat(self) -> None:
            beats.append(time.monotonic())

    stage = asyncio.create_task(
        polling.poll(houses(chmu_url=address, chmu_interval_s=60.0), chmu.POLLED, Heard("poll", Clock()))
    )
    await asyncio.sleep(1.0)
    stage.cancel()
    await asyncio.gather(stage, return_exceptions=True)
    assert len(beats) > 5
    assert [path for path, _ in served.asked].count(DATA) == 1


async def test_one_line_when_it_breaks_and_one_when_it_works_again(
    house: House, site: "tuple[Served, str]", pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    served, _ = site
    memory = polling.Memory(chmu.POLLED, {})
    async with fetch.session() as http:
        served.status(DATA, 503)
        for _ in range(3):
            await polling.one_round(house, http, memory)
        ((ok_at, fault, failures),) = await rows_of(pool, "SELECT ok_at, fault, failures FROM source_health")
        assert (ok_at, failures) == (None, 3)
        assert "answered 503" in fault
        index(served, FIRST)
        for _ in range(3):
            await polling.one_round(house, http, memory)
    lines = [record for record in caplog.records if record.name == "hladina.collectors"]
    assert [record.levelno for record in lines] == [logging.ERROR, logging.WARNING]
    assert await rows_of(pool, "SELECT fault, failures FROM source_health") == [("", 0)]


@pytest.mark.parametrize("page", [b"<html>Wartung</html>", b""])
async def test_an_index_that_lists_nothing_is_a_failure_not_calm(
    house: House, site: "tuple[Served, str]", pool: Pool, page: bytes
) -> None:
    site[0].file(DATA, page, "text/html")
    await rounds(house)
    ((ok_at, fault),) = await rows_of(pool, "SELECT ok_at, fault FROM source_health")
    assert ok_at is None
    assert "lists no data file" in fault


async def test_a_bad_file_goes_to_quarantine_once_and_the_good_one_is_stored(
    house: House, site: "tuple[Served, str]", pool: Pool
) -> None:
    served, _ = site
    index(served, FIRST, SECOND)
    served.file(f"{DATA}{FIRST}.json", b'{"objList": [')
    served.file(f"{DATA}{SECOND}.json", a_file(SECOND, 55))
    await rounds(house, 3)
    assert await rows_of(pool, "SELECT value FROM observation") == [(55.0,)]
    assert await rows_of(pool, "SELECT origin, payload FROM quarantine") == [(FIRST, b'{"objList": [')]
    ((ok_at, fault),) = await rows_of(pool, "SELECT ok_at, fault FROM source_health")
    assert ok_at is not None
    assert fault.startswith("1 of 2 files failed")
    assert await rows_of(pool, "SELECT item FROM source_cursor") == [(SECOND,)]


async def test_a_changed_unit_is_kept_in_quarantine_and_the_rest_used(
    house: House, site: "tuple[Served, str]", pool: Pool
) -> None:
    served, _ = site
    index(served, FIRST)
    served.file(f"{DATA}{FIRST}.json", a_file(FIRST, 100, code="Q"))
    await rounds(house, 2)
    ((reason,),) = await rows_of(pool, "SELECT reason FROM quarantine")
    assert "unknown unit 'CM' for discharge" in reason


async def test_a_database_fault_ends_the_round_and_leaves_the_cursor(
    house: House, site: "tuple[Served, str]", pool: Pool
) -> None:
    served, _ = site
    index(served, FIRST)
    served.file(f"{DATA}{FIRST}.json", a_file(FIRST, 100))
    async with pool.connection() as conn:
        await conn.execute("ALTER TABLE source_cursor RENAME TO gone")
    with pytest.raises(DatabaseError):
        await rounds(house)
    assert await rows_of(pool, "SELECT * FROM observation") == []
    async with pool.connection() as conn:
        await conn.execute("ALTER TABLE gone RENAME TO source_cursor")
    await rounds(house)
    assert await rows_of(pool, "SELECT value FROM observation") == [(100.0,)]


async def test_limits_that_differ_from_the_published_ones_are_said_once(
    house: House, site: "tuple[Served, str]", caplog: pytest.LogCaptureFixture
) -> None:
    served, _ = site
    ours = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 85.0, Degree.READINESS: 125.0}, "invented", None)
    station = replace(house.network.stations["mlyn"], limits=(ours,))
    limited = replace(house, network=Network(stations={"mlyn": station}))
    table = {"header": "objID,SPA1H,SPA2H,SPA3H", "values": [[FIRST, 85, 130, 160], [SECOND, 1, 2, 3]]}
    served.file("/hydrology/now/metadata/meta1.json", json.dumps({"data": {"data": table}}).encode())
    memory = polling.Memory(chmu.POLLED, {})
    async with fetch.session() as http:
        for _ in range(3):
            await polling.compare_limits(limited, http, memory)
            memory.compared_at = None
    lines = [record.getMessage() for record in caplog.records if record.name == "hladina.collectors"]
    assert lines == ["limits differ from those of ČHMÚ: mlyn: limit 2 is 125 cm here and 130 cm at ČHMÚ"]
