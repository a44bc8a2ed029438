"""The board: fresh within a second, built once per change, honest when the database is away."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from floodcore.house import House
from floodcore.store.connect import open_pool
from floodcore.supervision import Pulse
from floodcore.words import Language
from portal import health, room, stream
from portal.board import STALE_AFTER_S, Board
from tests.portal.conftest import Running, happen, parsed, put


@contextmanager
def away(database: str) -> Iterator[None]:
    """The database refuses everybody, as after a crash; it comes back at the end."""
    server, _, name = database.rpartition("/")
    with psycopg.connect(f"{server}/hladina", autocommit=True) as connection:

        def allow(yes: bool) -> None:
            statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Literal(yes)))

        allow(False)
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            allow(True)


async def test_bytes_are_made_once_per_change(house: House) -> None:
    board = Board(house)
    await put(house.pool, "320000", 215.0, 2)
    await board.look()
    first = board.map_bytes()
    await board.look()
    assert board.map_bytes() is first
    await put(house.pool, "320000", 216.0, 2, age=timedelta(minutes=2))
    await board.look()
    second = board.map_bytes()
    assert second.etag != first.etag
    assert json.loads(second.plain)["features"] != json.loads(first.plain)["features"]


async def test_bytes_are_made_again_when_a_mark_turns_silent(house: House) -> None:
    board = Board(house)
    await put(house.pool, "320000", 215.0, 2, age=timedelta(minutes=11) - timedelta(seconds=1.5))
    await board.look()
    states = []
    for _ in range(2):
        features = json.loads(board.map_bytes().plain)["features"]
        states += [f["properties"]["freshness"] for f in features if f["id"] == "320000"]
        await asyncio.sleep(2)
    assert states == ["fresh", "silent"]


async def test_a_crowd_shares_one_reading(house: House) -> None:
    board = Board(house)
    tasks = set()

    async def reader() -> None:
        await board.current()
        tasks.add(board._task)

    await asyncio.gather(*(reader() for _ in range(50)))
    assert len(tasks) == 1


async def test_a_change_is_on_the_board_within_a_second_without_any_notice(portal: Running) -> None:
    async def value() -> float | None:
        async with portal.client.get("/api/v1/stations/320000") as answer:
            body: dict[str, dict[str, float | None]] = await answer.json(encoding="utf-8")
            return body["state"]["value"]

    portal.client._auto_decompress = True
    assert await value() is None
    await put(portal.house.pool, "320000", 215.0, 2)
    await asyncio.sleep(1.0)
    assert await value() == 215.0


@pytest.fixture
async def watched(portal: Running) -> AsyncIterator[Running]:
    """The portal with its background stage."""
    house = portal.house
    task = asyncio.create_task(house.supervisor.run(room.stages(house)))
    await asyncio.sleep(0.3)
    yield portal
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def beats(portal: Running, count: int) -> AsyncIterator[tuple[float, dict[str, object]]]:
    async with portal.client.get("/api/v1/stream") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        async for line in answer.content:
            if line.startswith(b"data: "):
                yield time.monotonic(), json.loads(line[6:])
                count -= 1
                if count == 0:
                    return


async def test_the_stream_tells_a_change_at_once(watched: Running) -> None:
    heard = []
    changed_at = 0.0
    async for at, beat in beats(watched, 2):
        heard.append((at, beat))
        if len(heard) == 1:
            changed_at = time.monotonic()
            await put(watched.house.pool, "320000", 215.0, 2)
    assert heard[1][0] - changed_at < 1.0
    assert heard[0][1]["etag"] != heard[1][1]["etag"]
    assert heard[1][1]["stale_since"] is None


async def test_the_stream_beats_without_any_change(watched: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "BEAT_S", 0.2)
    heard = [beat async for _, beat in beats(watched, 4)]
    assert len({str(beat["etag"]) for beat in heard}) == 1
    assert len({str(beat["now"]) for beat in heard}) == 4
    await asyncio.sleep(0.5)
    assert room.desk_of(watched.house).streams == 0, "a reader who went away is forgotten"


async def test_an_outage_shows_a_banner_and_no_error(watched: Running, database: str) -> None:
    await put(watched.house.pool, "320000", 215.0, 2)
    at = await put(watched.house.pool, "316000", 100.0, 1)
    await happen(watched.house.pool, "316000", 1, at=at)
    await asyncio.sleep(1.1)
    watched.client._auto_decompress = True
    with away(database):
        started = time.monotonic()
        while time.monotonic() - started < 5.0:
            async with watched.client.get("/cs/") as answer:
                assert answer.status == 200
                tree = parsed(await answer.text())
            if not tree.xpath("//*[@id='banner'][@hidden]"):
                break
            await asyncio.sleep(0.1)
        assert time.monotonic() - started < 5.0, "the promise of G27"
        assert "Databáze neodpovídá" in tree.xpath("string(//*[@id='banner'])")
        assert "lost" in tree.xpath("string(//body/@class)")
        assert "215" in tree.xpath("string(//main)"), "the last snapshot stays"
        for page in ("", "table", "events", "status", "stations/320000"):
            for language in Language:
                asked_at = time.monotonic()
                async with watched.client.get(f"/{language}/{page}") as answer:
                    assert answer.status == 200
                    assert time.monotonic() - asked_at < 1.5, "nobody waits for a database that is away"
                    assert parsed(await answer.text()).xpath("//*[@id='banner'][not(@hidden)]")
        async with watched.client.get("/api/v1/map.geojson") as answer:
            assert answer.status == 200
            body = await answer.json(content_type=None)
            assert body["stale_since"] is not None
        async with watched.client.get("/api/v1/stations/320000/observations") as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"]
        async with watched.client.get("/health") as answer:
            assert answer.status == 503
            assert not (await answer.json())["database"]["ok"]
        async for _, beat in beats(watched, 1):
            assert beat["stale_since"] is not None
    for _ in range(400):
        async with watched.client.get("/api/v1/map.geojson") as answer:
            body = await answer.json(content_type=None)
        if body["stale_since"] is None:
            break
        await asyncio.sleep(0.1)
    assert body["stale_since"] is None, "it comes back by itself"


async def test_a_house_that_never_saw_its_database_says_so(unplugged: House) -> None:
    desk = room.desk_of(unplugged)
    assert desk.board.stale
    text = desk.render("error.html", desk.reader(Language.EN), here="", rest="", heading="h", text="t")
    assert "The database has not answered yet" in text


async def test_health_names_the_age_of_every_stage_and_dies_with_one(watched: Running) -> None:
    watched.client._auto_decompress = True
    await asyncio.sleep(1.1)

    async def state() -> tuple[int, dict[str, dict[str, dict[str, object]]]]:
        async with watched.client.get("/health") as answer:
            return answer.status, await answer.json()

    status, body = await state()
    assert status == 200
    age = body["stages"]["portal.watch"]["age_s"]
    assert isinstance(age, float)
    assert 0 <= age < 3
    pulse = Pulse("engine", watched.house.clock)
    watched.house.supervisor.pulses["engine"] = pulse
    assert (await state())[0] == 503, "a stage that has not beaten is not alive"
    pulse.beat()
    assert (await state())[0] == 200
    pulse.fail(ValueError("boom"))
    status, body = await state()
    assert status == 503
    assert body["stages"]["engine"]["fault"] == "ValueError: boom"
    pulse.beat()
    pulse.beaten_s = time.monotonic() - health.SILENT_STAGE_S - 1
    assert (await state())[0] == 503, "a stage that hangs is dead"


async def test_metrics_are_prometheus_text(watched: Running) -> None:
    await put(watched.house.pool, "320000", 215.0, 2)
    async with watched.house.pool.connection() as conn:
        await conn.execute("INSERT INTO source_health (source, readings) VALUES ('a\"b\\c', 7)")
    await asyncio.sleep(1.1)
    async with watched.client.get("/metrics") as answer:
        lines = (await answer.text()).splitlines()
    assert 'hladina_gauges_at_degree{degree="2"} 1' in lines
    assert 'hladina_source_readings_total{source="a\\"b\\\\c"} 7' in lines
    assert "hladina_up 1" in lines
    for line in lines:
        assert line.startswith("# ") or float(line.rsplit(" ", 1)[1]) >= 0
    assert {line.split()[2] for line in lines if line.startswith("# TYPE")} >= {
        "hladina_stage_age_seconds",
        "hladina_waiting",
    }


async def test_the_status_page_shows_other_processes_too(portal: Running) -> None:
    async with portal.house.pool.connection() as conn:
        await conn.execute(
            "INSERT INTO stage_pulse VALUES ('host:1', 'alerting.engine', now(), 0, '', now() - interval '5 min')"
        )
        await conn.execute(
            "INSERT INTO source_health (source, failed_at, fault, failures) VALUES ('chmu', now(), '<b>', 3)"
        )
    portal.client._auto_decompress = True
    async with portal.client.get("/en/status") as answer:
        tree = parsed(await answer.text())
    words = " ".join(" ".join(tree.xpath("//main//text()")).split())
    assert "alerting.engine 5 min silent" in words.replace("\N{NO-BREAK SPACE}", " "), (
        "a process that stopped writing is not alive"
    )
    assert "<b>" in words
    assert "Something does not work." in words


def test_the_banner_comes_well_before_the_promise() -> None:
    assert STALE_AFTER_S + 1.0 < 5.0


async def test_the_pool_of_a_house_has_one_desk(house: House, database: str) -> None:
    assert room.desk_of(house) is room.desk_of(house)
    other = await open_pool(database)
    try:
        assert room.desk_of(
            House(house.settings, other, house.network, house.texts, house.supervisor)
        ) is not room.desk_of(house)
    finally:
        await other.close()


async def test_a_series_the_engine_cannot_judge_is_on_the_status_page(portal: Running) -> None:
    await put(portal.house.pool, "320000", 55.0, 0)
    async with portal.house.pool.connection() as conn:
        await conn.execute("INSERT INTO aside (series_id, reason) SELECT series_id, 'invented' FROM series")
    portal.client._auto_decompress = True
    async with portal.client.get("/en/status") as answer:
        text = await answer.text()
    assert 'Series that cannot be judged</dt><dd class="bad">1</dd>' in text
    assert 'class="verdict bad"' in text
    async with portal.client.get("/metrics") as answer:
        assert 'hladina_waiting{queue="aside"} 1' in (await answer.text()).splitlines()
