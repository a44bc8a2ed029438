"""The shapes the outside must have, checked against the descriptions and not against our decoders."""

import asyncio
import base64
import gzip
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import aiomqtt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from floodcore.clock import Clock
from floodcore.network.load import read
from floodcore.words import Quantity
from hladina.broker import running
from simulators import pushers, tts_devices
from simulators.chmu_server import ChmuServer
from simulators.outage import Mode
from simulators.payloads import decentlab_tbrg, dragino_ldds, uplinks
from simulators.sample import Feed, Sample

START = datetime(2030, 7, 1, 12, tzinfo=UTC)
TEN = timedelta(minutes=10)
OBJ = "0-203-1-316000"
DATA = f"/hydrology/now/data/{OBJ}.json"
pytestmark = pytest.mark.timeout(30)


def feed(way: str, quantity: Quantity = Quantity.LEVEL, values: tuple[float | None, ...] = (50.0, None, 52.0)) -> Feed:
    samples = tuple(Sample(START + TEN * i, value, START + TEN * i) for i, value in enumerate(values))
    sensor = {"tts": "decentlab_tbrg" if quantity is Quantity.RAIN else "dragino_ldds"}.get(way, "")
    return Feed("316000", quantity, way, OBJ if way == "chmu" else "dev-1", sensor, 400.0, TEN, samples)


@pytest.fixture
def server() -> ChmuServer:
    network = read(Path(__file__).resolve().parents[2] / "station_configs")
    server = ChmuServer(network, Clock(START + TEN * 2, datetime.now(UTC), 0.001))
    server.show([feed("chmu"), feed("chmu", Quantity.DISCHARGE, (4.31, 4.4, 4.5))])
    return server


@pytest.fixture
async def http(server: ChmuServer) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async with TestClient(TestServer(server.application())) as client:
        yield client


Client = TestClient[web.Request, web.Application]


async def test_a_data_file_has_the_described_shape(http: Client) -> None:
    body = await (await http.get(DATA)).json()
    level, flow = body["objList"][0]["tsList"]
    assert body["objList"][0]["objID"] == OBJ
    assert (level["tsConID"], level["unit"], flow["tsConID"], flow["unit"]) == ("H", "CM", "Q", "M3_S")
    assert level["tsData"] == [
        {"dt": "2030-07-01T12:00:00Z", "value": 50},
        {"dt": "2030-07-01T12:10:00Z", "value": None},
        {"dt": "2030-07-01T12:20:00Z", "value": 52},
    ]
    assert flow["tsData"][0]["value"] == 4.31


def test_only_what_is_out_and_of_the_last_day_is_shown(server: ChmuServer) -> None:
    long = feed("chmu", values=tuple(float(i) for i in range(200)))
    server.show([long])
    body, changed = server.body(OBJ, START + TEN * 180 + timedelta(minutes=3))
    shown = json.loads(body)["objList"][0]["tsList"][0]["tsData"]
    assert changed == START + TEN * 180
    assert shown[-1] == {"dt": "2030-07-02T18:00:00Z", "value": 180}
    assert len(shown) == 144


def test_exact_values_stay_exact(server: ChmuServer) -> None:
    server.show([feed("chmu", values=(128.3208, 0.0, -7.0))])
    shown = json.loads(server.body(OBJ, START + TEN * 9)[0])["objList"][0]["tsList"][0]["tsData"]
    assert [row["value"] for row in shown] == [128.3208, 0, -7]


async def test_metadata_by_header_name(http: Client) -> None:
    table = (await (await http.get("/hydrology/now/metadata/meta1.json")).json())["data"]["data"]
    names = table["header"].split(",")
    rows = {row[0]: dict(zip(names, row, strict=True)) for row in table["values"]}
    liberec = rows[OBJ]
    assert (liberec["STATION_NAME"], liberec["STREAM_NAME"], liberec["DBC"]) == ("Liberec", "Lužická Nisa", "316000")
    assert (liberec["SPA1H"], liberec["SPA2H"], liberec["SPA3H"], liberec["SPA4H"]) == (85, 125, 160, 342)
    assert 50.0 < liberec["GEOGR1"] < 51.5
    assert len(rows) > 50


async def test_the_index_lists_only_stations_with_data(http: Client) -> None:
    page = await (await http.get("/hydrology/now/data/")).text()
    assert f'href="{OBJ}.json"' in page
    assert page.count("href=") == 1
    assert (await http.get("/hydrology/now/data/0-203-1-000000.json")).status == 404


async def test_not_modified_by_tag_and_by_time(http: Client, server: ChmuServer) -> None:
    first = await http.get(DATA)
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert (await http.get(DATA, headers={"If-None-Match": tag})).status == 304
    assert (await http.get(DATA, headers={"If-Modified-Since": modified})).status == 304
    assert (await http.get(DATA, headers={"If-None-Match": '"other"', "If-Modified-Since": modified})).status == 200
    assert (await http.get(DATA, headers={"If-Modified-Since": "yesterday"})).status == 200
    server.show([feed("chmu", values=(50.0, 51.0, 53.0))])
    assert (await http.get(DATA, headers={"If-None-Match": tag})).status == 200


async def refused(http: Client, expected: int) -> None:
    assert (await http.get(DATA, allow_redirects=False)).status == expected


async def broken_json(http: Client) -> None:
    with pytest.raises((json.JSONDecodeError, RecursionError)):
        json.loads(await (await http.get(DATA)).read())


async def cut(http: Client) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        await (await http.get(DATA)).read()


async def slow(http: Client) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await (await http.get(DATA)).read()


async def bomb(http: Client) -> None:
    answer = await http.get(DATA)
    assert answer.headers["Content-Encoding"] == "gzip"
    size = 0
    async for part in answer.content.iter_chunked(1 << 16):
        size += len(part)
        if size > 8_000_000:
            return
    pytest.fail("no bomb")


async def altered(http: Client, sign: bytes) -> None:
    body = await (await http.get(DATA)).read()
    assert sign in body
    assert json.loads(body)["objList"]


async def twice_packed(http: Client) -> None:
    answer = await http.get(DATA, auto_decompress=False)
    assert answer.headers["Content-Encoding"] == "gzip, gzip"
    assert json.loads(gzip.decompress(gzip.decompress(await answer.read())))


OUTAGES: dict[Mode, Callable[[Client], Awaitable[None]]] = {
    Mode.ERROR_500: lambda http: refused(http, 500),
    Mode.ERROR_503: lambda http: refused(http, 503),
    Mode.TOO_MANY: lambda http: refused(http, 429),
    Mode.NOT_FOUND: lambda http: refused(http, 404),
    Mode.REDIRECT: lambda http: refused(http, 302),
    Mode.HTML: broken_json,
    Mode.EMPTY: broken_json,
    Mode.TRUNCATED: broken_json,
    Mode.RESET: cut,
    Mode.SLOW: slow,
    Mode.HANG: slow,
    Mode.GZIP_BOMB: bomb,
    Mode.TWICE_PACKED: twice_packed,
    Mode.DEEP: broken_json,
    Mode.SCHEMA: lambda http: altered(http, b"timeSeries"),
    Mode.OTHER_ID: lambda http: altered(http, f'"9{OBJ}"'.encode()),
    Mode.OTHER_UNIT: lambda http: altered(http, b"FURLONG"),
}


@pytest.mark.parametrize("mode", OUTAGES)
async def test_every_outage_is_what_it_says_and_can_be_mended(http: Client, mode: Mode) -> None:
    switched = await http.post("/simulator/mode", json={"mode": mode.value, "address": OBJ})
    assert switched.status == 200
    await OUTAGES[mode](http)
    await http.post("/simulator/mode", json={"mode": "ok", "address": OBJ})
    assert (await http.get(DATA)).status == 200


async def test_stale_keeps_the_last_answer(http: Client, server: ChmuServer) -> None:
    before = await (await http.get(DATA)).read()
    server.outages.set(Mode.STALE)
    server.clock = Clock(START + TEN * 2, datetime.now(UTC), 1e6)
    assert await (await http.get(DATA)).read() == before


async def test_an_unknown_mode_names_the_known_ones(http: Client) -> None:
    answer = await http.post("/simulator/mode", json={"mode": "weird"})
    assert answer.status == 400
    assert "gzip-bomb" in (await answer.json())["known"]


def test_all_modes_are_tested() -> None:
    assert {Mode.OK, Mode.STALE, *OUTAGES} == set(Mode)


def test_dragino_payload() -> None:
    raw = dragino_ldds(123.4, 400.0)
    battery, distance, interrupt, tenths, flag = struct.unpack(">HHBhB", raw)
    assert (len(raw), battery & 0x3FFF, distance, interrupt, tenths, flag) == (8, 3590, 2766, 0, 85, 1)
    assert struct.unpack_from(">H", dragino_ldds(None, 400.0), 2) == (0,)
    assert struct.unpack_from(">H", dragino_ldds(450.0, 400.0), 2) == (0,)


def test_decentlab_payload_has_the_low_word_first() -> None:
    raw = decentlab_tbrg(0x1234, 7, TEN, 0x00015678)
    assert raw.hex() == "02" + "1234" + "0003" + "0007" + "0258" + "5678" + "0001" + "0e06"


def test_rain_is_counted_in_tips_and_summed() -> None:
    messages = [json.loads(m) for _, m in uplinks(feed("tts", Quantity.RAIN, (0.3, 0.0, 1.2)))]
    words = [struct.unpack_from(">4H", base64.b64decode(m["uplink_message"]["frm_payload"]), 5) for m in messages]
    assert [(tips, total) for tips, _, total, _ in words] == [(3, 3), (0, 3), (12, 15)]


def test_an_uplink_has_the_described_shape() -> None:
    message: dict[str, Any] = json.loads(uplinks(feed("tts"))[0][1])
    assert message["end_device_ids"]["device_id"] == "dev-1"
    assert message["uplink_message"]["f_port"] == 2
    fraction = message["received_at"].partition(".")[2]
    assert len(fraction) == 10
    assert fraction.endswith("Z")
    assert "simulated" not in message


def test_zero_fields_are_left_out() -> None:
    counts = [json.loads(m)["uplink_message"].get("f_cnt") for _, m in uplinks(Feed(
        "s", Quantity.LEVEL, "tts", "d", "dragino_ldds", 400.0, TEN,
        tuple(Sample(datetime.fromtimestamp(600.0 * n, UTC), 1.0, START) for n in (65535, 65536, 65537)),
    ))]  # fmt: skip
    assert counts == [65535, None, 1]


async def test_devices_publish_in_time_and_wait_for_the_broker(tmp_path: Path) -> None:
    clock = Clock(START + timedelta(minutes=5), datetime.now(UTC), 600.0)
    async with running(tmp_path / "broker") as broker:
        rest = broker.url.removeprefix("mqtt://hladina:")
        password, _, address = rest.rpartition("@")
        host, _, port = address.partition(":")
        async with aiomqtt.Client(host, int(port), username="hladina", password=password) as listener:
            await listener.subscribe("v3/+/devices/+/up", qos=1)
            await tts_devices.publish(broker.url, [feed("tts")], clock, START + timedelta(minutes=5))
            seen = [await asyncio.wait_for(anext(aiter(listener.messages)), 5) for _ in range(2)]
            assert clock.now() >= START + TEN * 2
    assert [str(message.topic) for message in seen] == ["v3/exercise@simulator/devices/dev-1/up"] * 2
    assert [json.loads(bytes(m.payload))["received_at"][:16] for m in seen] == ["2030-07-01T12:10", "2030-07-01T12:20"]


async def test_a_logger_keeps_its_samples_until_they_are_stored() -> None:
    seen: list[dict[str, Any]] = []
    refusals = [503, 429, 200, 200]

    async def ingest(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"316000:key").decode()
        seen.append(await request.json())
        return web.Response(status=refusals[len(seen) - 1])

    application = web.Application()
    application.add_routes([web.post("/api/v1/ingest/316000", ingest)])
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        clock = Clock(START + timedelta(minutes=15), datetime.now(UTC), 300.0)
        await pushers.push(base, [feed("push", Quantity.RAIN, (0.2, None, 0.4))], {"316000": "key"}, clock, START)
    assert seen[0]["samples"] == seen[1]["samples"] == seen[2]["samples"][:2]
    assert seen[0]["samples"] == [
        {"t": "2030-07-01T12:00:00.000Z", "q": "rain", "v": 0.2, "u": "mm", "flag": "ok"},
        {"t": "2030-07-01T12:10:00.000Z", "q": "rain", "v": None, "u": "mm", "flag": "missing"},
    ]
    assert seen[0]["station"] == "316000"
    assert {sample["t"] for push in seen[2:] for sample in push["samples"]} >= {"2030-07-01T12:20:00.000Z"}


def test_a_gzip_bomb_is_small_on_the_wire() -> None:
    from simulators.outage import _bomb  # noqa: PLC0415

    assert len(_bomb()) < 200_000
    assert len(gzip.decompress(_bomb())) == 64 << 20
