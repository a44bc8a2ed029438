"""Every polled source through every outage, on the one stage that asks them all; then whose turn it is."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, LiteralString

import pytest
from aiohttp import ClientTimeout, web

from collectors import fetch, polling, repair, saxony, saxony_rss, turns
from collectors.catalogue import POLLED
from collectors.keeping import keep
from collectors.source import Ask, Polled
from floodcore.clock import Clock
from floodcore.context import Bulletin
from floodcore.house import House
from floodcore.network.model import Link, Names, Network, Station
from floodcore.settings import SOURCES
from floodcore.store import context
from floodcore.store.connect import Pool
from floodcore.words import Quantity, Reading
from simulators.chmu_server import ChmuServer
from simulators.open_data import OpenData
from simulators.outage import Mode, Outages
from simulators.sample import Feed, Sample, grid
from tests.rows import rows_of

if TYPE_CHECKING:
    from tests.collectors.conftest import Houses

Runs = Callable[[web.Application], AbstractAsyncContextManager[str]]
BY_NAME = {polled.name: polled for polled in POLLED}
NOW = datetime(2026, 11, 22, 23, 20, 30, tzinfo=UTC)
TEN = timedelta(minutes=10)
HASTY = ClientTimeout(total=0.5)
FAILURES = [Mode.ERROR_500, Mode.ERROR_503, Mode.TOO_MANY, Mode.HTML, Mode.EMPTY, Mode.TRUNCATED, Mode.RESET,
            Mode.REDIRECT, Mode.GZIP_BOMB]  # fmt: skip


def address(name: str) -> str:
    return {"chmu": "0-203-1-999001"}.get(name, "1-307" if name.startswith("povodi") else "660160")


def a_station(*kinds: str) -> Station:
    links = tuple(Link(kind, address(kind)) for kind in kinds)
    quantities = (Quantity.LEVEL, Quantity.DISCHARGE, Quantity.RAIN)
    return Station("here", Names("Here"), None, "DE", "invented", quantities, TEN, links=links, synthetic=True)


def at_the_time(house: House, now: datetime, *kinds: str) -> House:
    """The house with one station fed by `kinds`, at the data time `now`, which goes on."""
    settings = replace(house.settings, clock=Clock(now, datetime.now(UTC)))
    return replace(house, settings=settings, network=Network(stations={"here": a_station(*kinds)}))


def feeds(kinds: Sequence[str], until: datetime) -> list[Feed]:
    moments = list(grid(NOW - timedelta(hours=1), until, TEN))
    samples = tuple(Sample(moment, float(moment.minute), moment) for moment in moments)
    measured = (Quantity.LEVEL, Quantity.DISCHARGE, Quantity.RAIN)
    return [Feed("here", q, kind, address(kind), "", None, TEN, samples) for kind in kinds for q in measured]


def servers(house: House, kinds: Sequence[str], until: datetime = NOW) -> tuple[web.Application, Outages, OpenData]:
    outages = Outages()
    chmu, others = ChmuServer(house.network, house.clock, outages), OpenData(house.clock, outages)
    made = feeds(kinds, until)
    chmu.show(made)
    others.show(made)
    application = chmu.application()
    others.add_to(application)
    return application, outages, others


STORED: LiteralString = "SELECT quantity, observed_at, value FROM observation JOIN series USING (series_id)"


async def ask(house: House, polled: Polled, memory: polling.Memory | None = None, url: str = "") -> polling.Memory:
    """One round against `url` or what the settings name."""
    if url:
        settings = replace(house.settings, chmu_url=url, source_urls=dict.fromkeys(SOURCES, url))
        house = replace(house, settings=settings)
    memory = polling.Memory(polled, {}) if memory is None else memory
    async with fetch.session(HASTY) as http:
        await polling.one_round(house, http, memory)
    return memory


async def health(pool: Pool, name: str) -> str:
    ((fault,),) = await rows_of(pool, "SELECT fault FROM source_health")
    assert isinstance(fault, str)
    return fault


@pytest.mark.shows("outage", "chmu", "chmu_rain", "chmu_cap", "hpps", "povodi_labe", "povodi_ohre", "saxony",
                   "saxony_rss", "lhp", "imgw", "pegelonline", "hubeau", "ea")  # fmt: skip
@pytest.mark.parametrize("name", sorted(BY_NAME))
async def test_every_outage_is_a_fault_of_the_source_and_loses_nothing(
    houses: "Houses", pool: Pool, application_runs: Runs, name: str
) -> None:
    house = at_the_time(houses(), NOW, name)
    application, outages, _ = servers(house, [name])
    polled = BY_NAME[name]
    async with application_runs(application) as url:
        for mode in (*FAILURES, Mode.SLOW) if name == "imgw" else FAILURES:  # one will do: it takes its time
            outages.set(mode)
            await ask(house, polled, url=url)
            assert await health(pool, name), mode
            assert await rows_of(pool, "SELECT 1 FROM observation") == [], mode
            assert await rows_of(pool, "SELECT 1 FROM source_cursor") == [], mode
        outages.set(Mode.OK)
        memory = await ask(house, polled, url=url)
        assert await health(pool, name) == ""
        stored = await rows_of(
            pool, "SELECT quantity, observed_at, value FROM observation JOIN series USING (series_id)"
        )
        assert bool(stored) is (name not in {"chmu_cap", "lhp"})
        for mode in (Mode.ERROR_503, Mode.TRUNCATED, Mode.NOT_FOUND, Mode.STALE, Mode.OK):
            outages.set(mode)
            await ask(house, polled, memory, url)
        after = await rows_of(
            pool, "SELECT quantity, observed_at, value FROM observation JOIN series USING (series_id)"
        )
        assert sorted(after) == sorted(stored)
        assert await rows_of(pool, "SELECT 1 FROM contradiction") == []


def test_the_settings_know_every_polled_source() -> None:
    assert set(SOURCES) | {"chmu"} == set(BY_NAME)


async def test_a_source_without_stations_is_not_asked(houses: "Houses", pool: Pool, application_runs: Runs) -> None:
    house = at_the_time(houses(), NOW, "imgw")
    application, *_ = servers(house, ["saxony"])
    async with application_runs(application) as url:
        await ask(house, BY_NAME["saxony"], url=url)
    assert await rows_of(pool, "SELECT 1 FROM source_health") == []


async def test_empty_failed_and_no_warning_are_three_values(
    houses: "Houses", pool: Pool, application_runs: Runs
) -> None:
    house = at_the_time(houses(), NOW)
    application, outages, _ = servers(house, [])
    polled = BY_NAME["chmu_cap"]

    async def known(now: datetime = NOW) -> Bulletin | context.Doubt:
        async with pool.connection() as conn:
            return await context.bulletin(conn, "chmu_cap", now)

    assert await known() == context.Doubt("never")
    async with application_runs(application) as url:
        outages.set(Mode.ERROR_503)
        await ask(house, polled, url=url)
        failed = await known()
        outages.set(Mode.EMPTY)
        await ask(house, polled, url=url)
        empty = await known()
        outages.set(Mode.OK)
        memory = await ask(house, polled, url=url)
        quiet = await known()
        outages.set(Mode.NOT_FOUND)
        await ask(house, polled, memory, url)
        gone = await known()
        outages.set(Mode.OK)
        await ask(house, polled, memory, url)  # 304: what it said last is what it says
        assert isinstance(await known(), Bulletin)
    assert isinstance(failed, context.Doubt)
    assert isinstance(empty, context.Doubt)
    assert isinstance(quiet, Bulletin)
    assert isinstance(gone, context.Doubt)
    assert (failed.why, empty.why, quiet.warnings, gone.why) == ("failed", "empty", (), "empty")
    old = await known(NOW + timedelta(hours=25))
    assert isinstance(old, context.Doubt)
    assert (old.why, old.last) == ("old", quiet)


async def test_a_class_is_kept_as_a_class_and_never_as_a_level(
    houses: "Houses", pool: Pool, application_runs: Runs
) -> None:
    house = at_the_time(houses(), NOW, "lhp")
    application, *_ = servers(house, ["lhp"])
    async with application_runs(application) as url:
        await ask(house, BY_NAME["lhp"], url=url)
    async with pool.connection() as conn:
        (grade,) = await context.classes(conn, "lhp")
    assert (grade.station_id, grade.grade) == ("here", 0)
    assert await rows_of(pool, "SELECT 1 FROM series") == []


async def test_a_class_has_no_turn_to_wait_for(houses: "Houses", pool: Pool, application_runs: Runs) -> None:
    kinds = ("saxony", "lhp")
    application, _, services = servers(at_the_time(houses(), NOW, *kinds), kinds, NOW + timedelta(hours=1))
    memory = polling.Memory(BY_NAME["lhp"], {})
    async with application_runs(application) as url:
        for minutes in (0, 10, 20):
            house = at_the_time(houses(), NOW + timedelta(minutes=minutes), *kinds)
            services.clock = house.clock
            await ask(house, BY_NAME["saxony"], url=url)
            await ask(house, BY_NAME["lhp"], memory, url)
            async with pool.connection() as conn:
                (grade,) = await context.classes(conn, "lhp")
            assert NOW - grade.at <= -timedelta(minutes=minutes - 1), "as fresh as the gauge"


# --- several sources for one gauge ---


async def test_a_spare_is_silent_while_the_main_source_speaks_and_fills_in_when_it_does_not(
    houses: "Houses", pool: Pool, application_runs: Runs
) -> None:
    kinds = ("saxony", "saxony_rss")
    main, spare = saxony.POLLED, saxony_rss.POLLED
    begun = at_the_time(houses(), NOW, *kinds)
    application, outages, services = servers(begun, kinds, NOW + timedelta(hours=3))
    spare_memory, main_memory = polling.Memory(spare, {}), polling.Memory(main, {})
    sources: LiteralString = "SELECT DISTINCT source FROM observation ORDER BY 1"

    def after(minutes: int) -> House:
        later = at_the_time(houses(), NOW + timedelta(minutes=minutes), *kinds)
        services.clock = later.clock
        return later

    async with application_runs(application) as url:
        await ask(begun, spare, spare_memory, url)
        assert await rows_of(pool, sources) == [], "the main source has had no time to speak yet"
        await ask(begun, main, main_memory, url)
        await ask(begun, spare, spare_memory, url)
        assert await rows_of(pool, sources) == [("saxony",)]
        outages.set(Mode.ERROR_500, "saxony")
        await ask(after(20), spare, spare_memory, url)
        assert await rows_of(pool, sources) == [("saxony",)], "two lost readings are no silence yet"
        later = after(60)
        await ask(later, spare, spare_memory, url)
        ((newest,),) = await rows_of(pool, "SELECT max(observed_at) FROM observation WHERE source = 'saxony'")
        filled = await rows_of(pool, "SELECT observed_at, late FROM observation WHERE source = 'saxony_rss'")
        assert len(filled) == 2 * 6, "level and discharge of every ten minutes since"
        assert all(moment > newest and not late for moment, late in filled)
        await ask(after(70), spare, spare_memory, url)
        assert await rows_of(pool, "SELECT count(*) FROM observation WHERE source = 'saxony_rss'") == [(14,)], "goes on"
        outages.set(Mode.OK, "saxony")
        later = after(80)
        await ask(later, main, main_memory, url)
        await ask(later, spare, spare_memory, url)
        await ask(after(90), spare, spare_memory, url)
    assert await rows_of(pool, "SELECT source, count(*) FROM observation GROUP BY 1 ORDER BY 1") == [
        ("saxony", 4),
        ("saxony_rss", 14),
    ]
    assert await rows_of(pool, "SELECT 1 FROM contradiction") == []


async def test_a_spare_that_is_not_needed_is_tried_now_and_then_and_not_heard(
    houses: "Houses", pool: Pool, application_runs: Runs
) -> None:
    kinds = ("saxony", "saxony_rss")
    memory = polling.Memory(saxony_rss.POLLED, {})
    application, outages, _ = servers(at_the_time(houses(), NOW, *kinds), kinds)
    failures: LiteralString = "SELECT failures FROM source_health WHERE source = 'saxony_rss'"
    async with application_runs(application) as url:
        await ask(at_the_time(houses(), NOW, *kinds), saxony_rss.POLLED, memory, url)
        assert await rows_of(pool, failures) == [(0,)]
        outages.set(Mode.ERROR_503)
        for minutes, failed in ((10, 0), (20, 0), (61, 1)):
            memory.begun_at = NOW + timedelta(minutes=minutes)
            await ask(at_the_time(houses(), NOW + timedelta(minutes=minutes), *kinds), saxony_rss.POLLED, memory, url)
            assert await rows_of(pool, failures) == [(failed,)]
    assert await rows_of(pool, "SELECT 1 FROM observation") == []


async def test_what_was_not_its_turn_is_heard_when_it_is_though_the_file_is_the_same(
    houses: "Houses", pool: Pool, application_runs: Runs
) -> None:
    kinds = ("saxony", "saxony_rss")
    memory = polling.Memory(saxony_rss.POLLED, {})
    application, _, services = servers(at_the_time(houses(), NOW, *kinds), kinds)
    async with application_runs(application) as url:
        for minutes, heard in ((0, 0), (31, 12)):
            house = at_the_time(houses(), NOW + timedelta(minutes=minutes), *kinds)
            services.clock = house.clock
            await ask(house, saxony_rss.POLLED, memory, url)
            assert await rows_of(pool, "SELECT count(*) FROM observation") == [(heard,)]


async def test_a_reading_of_the_patrol_does_not_silence_the_spare(
    houses: "Houses", pool: Pool, application_runs: Runs
) -> None:
    kinds = ("saxony", "saxony_rss", "patrol")
    memory = polling.Memory(saxony_rss.POLLED, {}, begun_at=NOW - timedelta(hours=1))
    house = at_the_time(houses(), NOW, *kinds)
    application, *_ = servers(house, kinds[:2])
    seen = Reading("here", Quantity.LEVEL, NOW - TEN / 2, 33.0, 33.0, "cm")
    async with pool.connection() as conn:
        await keep(conn, "patrol", [seen], [], NOW)
    async with application_runs(application) as url:
        await ask(house, saxony_rss.POLLED, memory, url)
    assert await rows_of(pool, "SELECT source, count(*) FROM observation GROUP BY 1 ORDER BY 1") == [
        ("patrol", 1),
        ("saxony_rss", 12),
    ]


def test_the_place_of_a_class_among_the_links_means_nothing() -> None:
    assert turns.feeding(a_station("lhp", "saxony", "saxony_rss")) == ["saxony", "saxony_rss"]
    assert turns.feeding(a_station("saxony", "lhp", "saxony_rss")) == ["saxony", "saxony_rss"]


def test_who_is_heard() -> None:
    station = a_station("saxony", "saxony_rss")
    level = ("here", Quantity.LEVEL)
    for minutes, expected in ((29, False), (30, False), (31, True)):
        now = NOW + timedelta(minutes=minutes)
        assert turns.silent(station, {level: NOW}, now, NOW - timedelta(days=1)) is expected
        assert turns.silent(station, {}, now, NOW) is expected, "after a start the others get as long to speak"
    flow = ("here", Quantity.DISCHARGE)
    old = NOW - timedelta(hours=5)
    for newest in ({level: old, flow: NOW}, {level: NOW, flow: old}):
        assert not turns.silent(station, newest, NOW + TEN, old), "one series that speaks is a gauge that speaks"
    assert not turns.silent(station, {level: old}, NOW + TEN, NOW), "after a restart as well"
    slow = replace(station, interval=timedelta(hours=1))
    assert not turns.silent(slow, {level: NOW}, NOW + timedelta(hours=3), NOW)
    held = turns.Turns(frozenset({"there"}), {level: NOW})
    early, new = (Reading("here", Quantity.LEVEL, NOW + step, 1.0, 1.0, "cm") for step in (timedelta(0), TEN))
    other = replace(new, station_id="there")
    assert held.heard([early, new, other]) == [new]
    assert held.wanted(Ask("x", "/", {"1": "here", "2": "there"}))
    assert not held.wanted(Ask("x", "/", {"2": "there"}))


async def test_pages_are_followed_on_the_same_server_only(houses: "Houses", pool: Pool, application_runs: Runs) -> None:
    house = at_the_time(houses(), NOW, "hubeau")
    elsewhere = "http://elsewhere.invalid/"

    async def page(request: web.Request) -> web.Response:
        number = int(request.query.get("page", "0"))
        row = {"code_station": "660160", "grandeur_hydro": "H", "date_obs": f"2026-11-22T23:0{number}:00Z"}
        following = f"{request.url.origin()}{request.path}?page={number + 1}" if number < 2 else elsewhere
        return web.json_response(
            {"data": [row | {"resultat_obs": 10 * number}], "next": following if number < 3 else None}
        )

    application = web.Application()
    application.router.add_get("/api/v1/hydrometrie/observations_tr", page)
    async with application_runs(application) as url:
        await ask(house, BY_NAME["hubeau"], url=url)
        assert "another server" in await health(pool, "hubeau")
        assert await rows_of(pool, "SELECT 1 FROM observation") == []
        elsewhere = ""
        await ask(house, BY_NAME["hubeau"], url=url)
    assert await rows_of(pool, "SELECT value FROM observation ORDER BY 1") == [(0.0,), (1.0,), (2.0,)]


async def test_the_feed_of_a_gauge_fills_what_its_layer_no_longer_shows(
    houses: "Houses", pool: Pool, application_runs: Runs
) -> None:
    """The layer shows the newest value only: an outage of ours of nearly two hours is a gap, and the feed knows."""
    kinds = ("saxony", "saxony_rss")
    begun = at_the_time(houses(), NOW, *kinds)
    application, _, services = servers(begun, kinds, NOW + timedelta(hours=5))
    memory = polling.Memory(saxony.POLLED, {})
    async with application_runs(application) as url:
        named = dict.fromkeys(kinds, url)
        for minutes in (*range(0, 40, 10), *range(140, 180, 10), 185):
            house = at_the_time(houses(source_urls=named), NOW + timedelta(minutes=minutes), *kinds)
            services.clock = house.clock
            await ask(house, saxony.POLLED, memory)
            async with fetch.session(HASTY) as http:
                assert await repair.one_round(house, http) == []
    stored = await rows_of(pool, "SELECT observed_at, source FROM observation JOIN series USING (series_id) "
                              "WHERE quantity = 'level' ORDER BY 1")  # fmt: skip
    times = [moment for moment, _ in stored]
    assert all(later - earlier == TEN for earlier, later in pairwise(times))
    assert Counter(source for _, source in stored) == {"saxony": 9, "saxony_rss": 10}
    assert await rows_of(pool, "SELECT DISTINCT state FROM gap") == [("repaired",)]
