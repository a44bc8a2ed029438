"""The feeds over real HTTP on a real database, read by strangers' rules."""

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
import psycopg
import pytest
from aiohttp import web
from lxml import etree
from psycopg import AsyncConnection, sql

from bridge_de.publish import publish_batch, publisher_of
from bridge_de.room import routes
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.store import warnings
from floodcore.store.embedded import Cluster
from floodcore.store.warnings import NewMessage

Happen = Callable[..., Awaitable[int]]
Structure = Callable[[bytes], list[str]]
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
ATOM = "{http://www.w3.org/2005/Atom}"
FILES = ("atom.xml", "fat.atom", "rss.xml", "current.xml")


class Reader:
    """A client that shows bytes as they came."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self.base, self.session = base, session

    async def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, self.base + path, headers=named) as answer:
            return answer.status, answer.headers, await answer.read()


async def serving(house: House) -> AsyncIterator[Reader]:
    app = web.Application()
    app.add_routes(routes(house))
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    session = aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=["Accept-Encoding"])
    try:
        yield Reader(f"http://127.0.0.1:{port}", session)
    finally:
        await session.close()
        await runner.cleanup()


@pytest.fixture
async def reader(house: House) -> AsyncIterator[Reader]:
    async for found in serving(house):
        yield found


async def tell(house: House, happen: Happen, **changes: object) -> None:
    await happen(**changes)
    while await publish_batch(house.pool, publisher_of(house), Clock()):
        pass
    await asyncio.sleep(0.55)  # how long a desk may not have asked


def links(feed: bytes) -> list[str]:
    entries = etree.fromstring(feed).findall(f"{ATOM}entry")
    return [str(entry.findall(f"{ATOM}link")[0].get("href")) for entry in entries]


async def test_empty_feeds_are_valid_and_do_not_look_calm(reader: Reader, structure: Structure) -> None:
    for prefix in ("/feed", "/feed/exercise"):
        for file in FILES:
            status, headers, body = await reader.get(f"{prefix}/{file}")
            assert status == 200, file
            root = etree.fromstring(body)
            assert headers["Access-Control-Allow-Origin"] == "*"
            if file.endswith("atom") or file.startswith("atom"):
                assert all(root.findtext(f"{ATOM}{name}") for name in ("id", "title", "updated"))
        _, _, body = await reader.get(f"{prefix}/current.xml")
        assert structure(body) == []
        assert "měření nepřicházejí" in body.decode(), "no measurement at all is not calm"


async def test_the_calm_document_needs_fresh_measurements(house: House, reader: Reader, structure: Structure) -> None:
    async with house.pool.connection() as connection:
        await connection.execute("INSERT INTO series (station_id, quantity, unit) VALUES ('316000', 'level', 'cm')")
        await connection.execute("INSERT INTO tip VALUES (1, now() - interval '5 minutes')")
    _, _, body = await reader.get("/feed/current.xml")
    assert structure(body) == []
    assert "Žádný limit SPA není překročen" in body.decode()
    _, _, raw = await reader.get("/feed/status.json")
    assert b'"lastMeasurementAt": "2' in raw


async def test_a_message_appears_everywhere_with_the_stored_bytes(
    house: House, reader: Reader, happen: Happen, structure: Structure
) -> None:
    await tell(house, happen)
    await tell(house, happen, from_degree=2, to_degree=3)
    _, headers, feed = await reader.get("/feed/atom.xml")
    assert headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    found = links(feed)
    assert len(found) == 2
    assert found[0] > found[1], "newest first"
    async with house.pool.connection() as connection:
        cursor = await connection.execute("SELECT body, sha256 FROM cap_message ORDER BY cap_id DESC")
        rows = await cursor.fetchall()
    for url, (body, digest) in zip(found, rows, strict=True):
        status, headers, served = await reader.get(url.removeprefix("https://hladina.example"))
        assert status == 200
        assert served == body
        assert hashlib.sha256(served).digest() == digest
        assert headers["Content-Type"] == "application/cap+xml; charset=utf-8"
        assert "immutable" in headers["Cache-Control"]
        assert structure(served) == []
    _, _, fat = await reader.get("/feed/fat.atom")
    inside = [etree.canonicalize(etree.tostring(alert).decode()) for alert in etree.fromstring(fat).iter(f"{CAP}alert")]
    assert inside == [etree.canonicalize(body.decode().partition("?>")[2]) for body, _ in rows]
    _, _, rss = await reader.get("/feed/rss.xml")
    assert [node.text for node in etree.fromstring(rss).findall("channel/item/link")] == found
    _, _, now = await reader.get("/feed/current.xml")
    assert structure(now) == []
    blocks = etree.fromstring(now).findall(f"{CAP}info")
    assert [block.findtext(f"{CAP}language") for block in blocks] == ["cs-CZ", "de-DE"]
    assert "3. SPA" in (blocks[0].findtext(f"{CAP}headline") or ""), "the newest of the chain, not the first"


async def test_an_all_clear_is_in_the_feed_and_ends_the_current_state(
    house: House, reader: Reader, happen: Happen
) -> None:
    await tell(house, happen)
    await tell(house, happen, from_degree=2, to_degree=0, value=60.0)
    _, _, feed = await reader.get("/feed/atom.xml")
    assert len(links(feed)) == 2
    _, _, now = await reader.get("/feed/current.xml")
    assert "CURRENT" in (etree.fromstring(now).findtext(f"{CAP}identifier") or "")
    assert "limit 2. SPA" not in now.decode()
    async with reader.session.get(reader.base + "/feed/status.json") as answer:
        assert (await answer.json())["active"] == 0


async def test_a_message_that_becomes_visible_after_a_later_number_is_shown(
    house: House, reader: Reader, happen: Happen
) -> None:
    """Numbers are given before the commit: the highest one alone would hide the slower of two bridges."""
    slow, fast = await happen(chain="slow"), await happen(chain="fast", station_id="320000")
    async with house.pool.connection() as held, held.transaction():
        await store_by_hand(held, slow)
        async with house.pool.connection() as connection, connection.transaction():
            await store_by_hand(connection, fast)
        _, _, before = await reader.get("/feed/atom.xml")
        assert len(links(before)) == 1
    await asyncio.sleep(0.55)
    _, _, after = await reader.get("/feed/atom.xml")
    assert len(links(after)) == 2


async def store_by_hand(connection: AsyncConnection, event_id: int) -> None:
    now = datetime.now(UTC)
    name = f"by-hand.{event_id}"
    message = NewMessage(
        identifier=name,
        event_id=event_id,
        revision=0,
        chain=name,
        sent=now,
        expires=now + timedelta(hours=1),
        reference=name,
        msg_type="Alert",
        status="Actual",
        headline_cs="cs",
        headline_de="de",
        all_clear=False,
        body=b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"/>',
    )
    await warnings.store(connection, message)


async def test_conditional_requests(house: House, reader: Reader, happen: Happen) -> None:
    await tell(house, happen)
    for file in FILES:
        path = f"/feed/{file}"
        status, headers, body = await reader.get(path)
        tag = headers["ETag"]
        assert status == 200
        for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            status, again, nothing = await reader.get(path, If_None_Match=asked)
            assert (status, nothing, again["ETag"]) == (304, b"", tag), asked
        assert (await reader.get(path, If_None_Match='"other"'))[0] == 200
        # wins over the date, which alone would say 304
        future = "Fri, 01 Jan 2100 00:00:00 GMT"
        assert (await reader.get(path, If_None_Match='"other"', If_Modified_Since=future))[0] == 200
        assert (await reader.get(path, If_Modified_Since=future))[0] == 304
        assert (await reader.get(path, If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT"))[0] == 200
        assert (await reader.get(path, If_Modified_Since="yesterday"))[0] == 200
        assert parsedate_to_datetime(headers["Last-Modified"]) <= datetime.now(UTC)
        status, head, nothing = await reader.get(path, "HEAD")
        assert (status, nothing, head["ETag"]) == (200, b"", tag)
        assert int(head["Content-Length"]) == len(body)
        status, zipped, packed = await reader.get(path, Accept_Encoding="br, gzip;q=0.5")
        assert zipped["Content-Encoding"] == "gzip"
        assert zipped["Vary"] == "Accept-Encoding"
        assert gzip.decompress(packed) == body
        assert zipped["ETag"] != tag, "other bytes are another entity to a strong validator"
        assert (await reader.get(path, If_None_Match=zipped["ETag"], Accept_Encoding="gzip"))[0] == 304
        assert "Content-Encoding" not in (await reader.get(path, Accept_Encoding="gzip;q=0"))[1]
    status, headers, _ = await reader.get("/feed/atom.xml", "OPTIONS")
    assert status == 204
    assert "If-None-Match" in headers["Access-Control-Allow-Headers"]


async def test_a_date_never_hides_a_message_of_the_same_second(house: House, reader: Reader, happen: Happen) -> None:
    await tell(house, happen)
    _, before, _ = await reader.get("/feed/atom.xml")
    await tell(house, happen, from_degree=2, to_degree=3)
    status, after, body = await reader.get("/feed/atom.xml", If_Modified_Since=before["Last-Modified"])
    assert status == 200
    assert len(links(body)) == 2
    assert before["ETag"] != after["ETag"]


async def test_an_unchanged_feed_keeps_its_tag_over_processes(house: House, reader: Reader, happen: Happen) -> None:
    await tell(house, happen)
    while datetime.now(UTC).second % 30 > 27:  # a heartbeat between would change it, as it should
        await asyncio.sleep(0.2)
    tags = {(await reader.get(f"/feed/{file}"))[1]["ETag"] for file in FILES}
    async for other in serving(house):
        assert {(await other.get(f"/feed/{file}"))[1]["ETag"] for file in FILES} == tags
    assert len(tags) == 4


async def test_exercise_and_real_messages_do_not_mix(house: House, reader: Reader, happen: Happen) -> None:
    await tell(house, happen, chain="real")
    await tell(house, happen, chain="play", exercise=True)
    _, _, public = await reader.get("/feed/atom.xml")
    _, _, exercise = await reader.get("/feed/exercise/atom.xml")
    (real,), (play,) = links(public), links(exercise)
    assert "/feed/exercise/cap/" in play
    assert "CVIČENÍ / ÜBUNG" in exercise.decode()
    assert "ÜBUNG" not in public.decode()
    assert (await reader.get(play.removeprefix("https://hladina.example")))[0] == 200
    smuggled = play.removeprefix("https://hladina.example").replace("/exercise", "")
    assert (await reader.get(smuggled))[0] == 404, "an exercise has no address in the public feed"
    assert (await reader.get("/feed/cap/no-such.xml"))[0] == 404
    assert real != play


async def test_a_house_of_invention_shows_its_exercise_in_the_main_feed(house: House, happen: Happen) -> None:
    invented = replace(house, settings=replace(house.settings, exercise=True))
    await tell(invented, happen)
    async for found in serving(invented):
        _, _, feed = await found.get("/feed/atom.xml")
        assert len(links(feed)) == 1
        assert etree.fromstring(feed).findtext(f"{ATOM}title", "").startswith("CVIČENÍ / ÜBUNG")
        _, _, now = await found.get("/feed/current.xml")
        assert etree.fromstring(now).findtext(f"{CAP}status") == "Exercise"


async def test_an_expired_message_leaves_the_feeds_but_keeps_its_address(house: House, happen: Happen) -> None:
    await tell(house, happen)
    now = datetime.now(UTC)
    later = replace(house, settings=replace(house.settings, clock=Clock(now + timedelta(hours=7), now)))
    async for found in serving(later):
        _, _, feed = await found.get("/feed/atom.xml")
        assert links(feed) == []
        async with house.pool.connection() as connection:
            cursor = await connection.execute("SELECT identifier FROM cap_message")
            ((identifier,),) = await cursor.fetchall()
        assert (await found.get(f"/feed/cap/{identifier}.xml"))[0] == 200


async def test_an_alert_does_not_come_back_when_its_all_clear_has_expired(house: House, happen: Happen) -> None:
    """An all-clear lives shorter than what it ends; after it the alert must not look like the newest word."""
    await tell(house, happen)
    await tell(house, happen, from_degree=2, to_degree=0, value=60.0)
    now = datetime.now(UTC)
    later = replace(house, settings=replace(house.settings, clock=Clock(now + timedelta(hours=4), now)))
    async for found in serving(later):
        _, _, feed = await found.get("/feed/atom.xml")
        assert links(feed) == []
        _, _, document = await found.get("/feed/current.xml")
        assert "limit 2. SPA" not in document.decode()
        async with found.session.get(found.base + "/feed/status.json") as answer:
            assert (await answer.json())["active"] == 0


async def test_partners_are_seen_to_listen(house: House, reader: Reader) -> None:
    await reader.get("/feed/atom.xml?partner=lhwz")
    await reader.get("/feed/atom.xml", X_Partner="nobody-we-know")
    async with reader.session.get(reader.base + "/feed/status.json") as answer:
        document = await answer.json()
    standing = {partner["id"]: partner["listening"] for partner in document["partners"]}
    assert standing == {"lhwz": "listening", "zittau": "never"}
    async with house.pool.connection() as connection:
        await connection.execute("UPDATE partner_fetch SET last_at = last_at - interval '3 minutes'")
        cursor = await connection.execute("SELECT partner_id, path, fetches FROM partner_fetch")
        assert await cursor.fetchall() == [("lhwz", "/feed/atom.xml", 1)]
    async with reader.session.get(reader.base + "/feed/status.json") as answer:
        document = await answer.json()
    assert document["partners"][0]["listening"] == "silent"
    assert document["active"] == 0
    assert document["lastMeasurementAt"] is None


async def test_without_the_database_the_feed_is_visibly_dead_and_comes_back(
    cluster: Cluster, database: str, house: House, reader: Reader, happen: Happen
) -> None:
    await tell(house, happen)
    _, _, before = await reader.get("/feed/atom.xml")
    name = database.rpartition("/")[2]
    async with await psycopg.AsyncConnection.connect(cluster.dsn, autocommit=True) as admin:
        await admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        await asyncio.sleep(0.55)
        paths = ("/feed/atom.xml", "/feed/current.xml", "/feed/cap/any.xml", "/feed/status.json")
        for status, headers, _ in await asyncio.gather(*(reader.get(path) for path in paths)):
            assert status == 503
            assert headers["Retry-After"]
        async with asyncio.timeout(8):  # who queues behind a failure shares it instead of trying after it
            crowd = await asyncio.gather(*(reader.get("/feed/atom.xml") for _ in range(20)))
        assert {status for status, _, _ in crowd} == {503}
        await admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(name)))
    async with asyncio.timeout(20):
        while (await reader.get("/feed/atom.xml"))[0] != 200:
            await asyncio.sleep(0.2)
    _, _, after = await reader.get("/feed/atom.xml")
    assert links(after) == links(before)
