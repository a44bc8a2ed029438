"""Webhooks and uploads on a real server and database: who may, what is stored, what is said when it is not."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, encode_basic_auth, web

from collectors import hooks, uploads
from floodcore.house import House
from floodcore.store.connect import Pool

if TYPE_CHECKING:
    from tests.collectors.conftest import Houses

Runs = Callable[[web.Application], AbstractAsyncContextManager[str]]
FIXTURES = Path(__file__).with_name("fixtures")
NOW = datetime.now(UTC).replace(microsecond=0)
KEYS = {
    "chirpstack": "k1",
    "hardwario": "k2",
    "proud": "k3",
    "brod": "k4",
    "fiedler": "k5",
    "logger": "k6",
    "village": "k7",
}


def chirpstack(**changes: object) -> bytes:
    message = json.loads((FIXTURES / "chirpstack.json").read_bytes())
    return json.dumps(message | {"time": (NOW - timedelta(minutes=1)).isoformat()} | changes).encode()


def hardwario(kind: str = "data") -> bytes:
    text = (FIXTURES / "hardwario.json").read_text()
    shift = round(NOW.timestamp()) - 1795388400 - 60
    for stamp in (1795387800, 1795388100, 1795388400):
        text = text.replace(str(stamp), str(stamp + shift))
    return text.replace('"type": "data"', f'"type": "{kind}"').encode()


def observation(**changes: object) -> bytes:
    said = {"result": 1124.0, "phenomenonTime": (NOW - timedelta(minutes=1)).isoformat()} | changes
    return json.dumps({key: value for key, value in said.items() if value is not None}).encode()


STREAM = hooks.SENSORTHINGS.replace("{path}", "v1.1/Datastreams(5)/Observations")
GOOD = {
    "chirpstack": (f"{hooks.CHIRPSTACK}?event=up", chirpstack(), 204, [("spirka", "level", 276.6)]),
    "hardwario": (
        hooks.HARDWARIO,
        hardwario(),
        204,
        [("chester", "battery", 3.55), ("chester", "level", 276.0), ("chester", "level", 278.0),
         ("chester", "rain", 0.0), ("chester", "rain", 0.4)],
    ),
    "sensorthings": (STREAM, observation(), 201, [("proud", "level", 112.4)]),
}  # fmt: skip
USER = {"chirpstack": "chirpstack", "hardwario": "hardwario", "sensorthings": "proud"}


@pytest.fixture
def posting(application_runs: Runs) -> Callable[..., Any]:
    """Posts to a house; gives status and text."""

    async def post(house: House, path: str, content: bytes, user: str = "", key: str = "") -> tuple[int, str]:
        application = web.Application()
        application.add_routes([*hooks.routes(house), *uploads.routes(house)])
        headers = {"Authorization": encode_basic_auth(user, key)} if user else {}
        async with (
            application_runs(application) as url,
            ClientSession() as http,
            http.post(url + path, data=BytesIO(content), headers=headers) as response,
        ):
            return response.status, await response.text()

    return post


async def rows(pool: Pool) -> list[tuple[str, str, float]]:
    async with pool.connection() as conn:
        statement = "SELECT station_id, quantity, value FROM observation JOIN series USING (series_id) ORDER BY 1, 2, 3"
        return await (await conn.execute(statement)).fetchall()


async def sources(pool: Pool) -> set[str]:
    async with pool.connection() as conn:
        return {source for (source,) in await (await conn.execute("SELECT source FROM observation")).fetchall()}


@pytest.mark.shows("decoder", "chirpstack", "hardwario", "sensorthings")
@pytest.mark.parametrize("name", sorted(GOOD))
async def test_what_is_posted_is_stored_once(name: str, houses: "Houses", posting: Any, pool: Pool) -> None:
    path, content, status, expected = GOOD[name]
    house = houses(ingest_keys=KEYS)
    for _ in range(2):  # networks repeat
        assert (await posting(house, path, content, USER[name], KEYS[USER[name]]))[0] == status
    assert await rows(pool) == expected
    assert await sources(pool) == {name}
    async with pool.connection() as conn:
        assert await (await conn.execute("SELECT * FROM contradiction")).fetchall() == []


@pytest.mark.parametrize("name", sorted(GOOD))
async def test_a_key_opens_its_own_door_only(name: str, houses: "Houses", posting: Any, pool: Pool) -> None:
    path, content, _, _ = GOOD[name]
    house = houses(ingest_keys=KEYS)
    assert (await posting(house, path, content))[0] == 401
    assert (await posting(house, path, content, USER[name], "wrong"))[0] == 401
    assert (await posting(house, path, content, "brod", "k4"))[0] == 403
    assert (await posting(houses(host="0.0.0.0"), path, content))[0] == 403  # noqa: S104
    assert await rows(pool) == []


OWN = {"chirpstack": "spirka", "hardwario": "chester"}


@pytest.mark.parametrize("name", sorted(OWN))
async def test_a_station_speaks_for_itself_and_for_no_other(
    name: str, houses: "Houses", posting: Any, pool: Pool
) -> None:
    path, content, status, expected = GOOD[name]
    house = houses(ingest_keys={OWN[name]: "k8", "neighbour": "k9"})
    stations = dict(house.network.stations)
    neighbour = replace(stations[OWN[name]], id="neighbour")
    (link,) = neighbour.links
    stations["neighbour"] = replace(neighbour, links=(replace(link, address="0000000000000009"),))
    house = replace(house, network=replace(house.network, stations=stations))
    assert (await posting(house, path, content, "neighbour", "k8"))[0] == 401
    assert (await posting(house, path, content, "neighbour", "k9"))[0] == 400, "of no device of the neighbour"
    assert (await posting(house, path, content, OWN[name], "k9"))[0] == 401
    assert await rows(pool) == []
    assert (await posting(house, path, content, OWN[name], "k8"))[0] == status
    assert await rows(pool) == expected


@pytest.mark.shows("outage", "chirpstack", "hardwario", "sensorthings")
@pytest.mark.parametrize("name", sorted(GOOD))
async def test_no_2xx_without_commit_and_the_repeat_is_stored(
    name: str, houses: "Houses", posting: Any, pool: Pool
) -> None:
    path, content, status, expected = GOOD[name]
    async with pool.connection() as conn:
        await conn.execute("ALTER TABLE dirty RENAME TO gone")
    assert (await posting(houses(), path, content))[0] == 503
    async with pool.connection() as conn:
        await conn.execute("ALTER TABLE gone RENAME TO dirty")
    assert (await posting(houses(), path, content))[0] == status
    assert await rows(pool) == expected


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        (f"{hooks.CHIRPSTACK}?event=up", chirpstack(time=None), "no time in it"),
        (f"{hooks.CHIRPSTACK}?event=up", chirpstack(data=""), "no raw payload, and the fields"),
        (f"{hooks.CHIRPSTACK}?event=up", chirpstack(deviceInfo={"devEui": "ff"}), "'ff' is linked to no station"),
        (f"{hooks.CHIRPSTACK}?event=up", b"{}", "not an uplink of ChirpStack"),
        (hooks.HARDWARIO, hardwario().replace(b"2999000001", b"2999000002"), "'2999000002' is linked to no station"),
        (hooks.HARDWARIO, b'{"message":{"type":"data","body":{}},"device":{"serial_number":"2999000001"}}', "no meas"),
        (STREAM, observation(phenomenonTime=None), "would be guessed"),
        (STREAM, observation(phenomenonTime="2026-11-22T23:00:00"), "no offset"),
        (STREAM, observation(result=None), "no result"),
        (STREAM, observation(result="high"), "not an observation"),
        (hooks.SENSORTHINGS.replace("{path}", "v1.1/Datastreams(6)/Observations"), observation(), "is not the v1.1"),
    ],
)
async def test_what_is_no_reading_is_said_and_kept(
    path: str, content: bytes, reason: str, houses: "Houses", posting: Any, pool: Pool
) -> None:
    status, answer = await posting(houses(), path, content)
    assert (status, json.loads(answer)["error"]) == (400, "undecodable")
    assert reason in answer
    assert await rows(pool) == []
    async with pool.connection() as conn:
        ((kept,),) = await (await conn.execute("SELECT reason FROM quarantine")).fetchall()
    assert reason in kept


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (f"{hooks.CHIRPSTACK}?event=join", b"{}"),
        (hooks.CHIRPSTACK, b"{}"),
        (hooks.HARDWARIO, hardwario("stats")),
        (hooks.HARDWARIO, hardwario("session")),
    ],
)
async def test_what_is_no_data_is_taken_and_not_read(
    path: str, content: bytes, houses: "Houses", posting: Any, pool: Pool
) -> None:
    assert (await posting(houses(), path, content))[0] == 204
    assert await rows(pool) == []


async def test_a_late_aggregate_is_stored_late(houses: "Houses", posting: Any, pool: Pool) -> None:
    """The half hour that CHESTER sends at once is news in its order; what a device repeats of yesterday is not."""
    assert (await posting(houses(), hooks.HARDWARIO, hardwario()))[0] == 204
    async with pool.connection() as conn:
        statement = "SELECT count(*) FILTER (WHERE late), count(*) FROM observation"
        assert await (await conn.execute(statement)).fetchone() == (0, 5)


DTA = (FIXTURES / "fiedler.dta").read_bytes()


def dta() -> bytes:
    text = DTA.decode()
    for hour, old in enumerate(("22.11.2026 23:50:00", "23.11.2026 00:00:00", "23.11.2026 00:10:00")):
        text = text.replace(old, f"{NOW + timedelta(hours=1, minutes=10 * hour - 40):%d.%m.%Y %H:%M:00}")
    return text.encode()


@pytest.mark.parametrize("name", ["fiedler", "logger"])
async def test_a_file_is_taken_under_the_name_of_its_kind_and_of_its_station(
    name: str, houses: "Houses", posting: Any, pool: Pool
) -> None:
    house = houses(ingest_keys=KEYS)
    path = uploads.PATH.replace("{name}", name)
    assert (await posting(house, path, dta()))[0] == 401
    status, answer = await posting(house, path, dta(), name, KEYS[name])
    assert (status, json.loads(answer)["accepted"]) == (200, 5)
    status, answer = await posting(house, path, dta(), name, KEYS[name])
    assert json.loads(answer) | {"name": ""} == {
        "name": "", "accepted": 0, "repeated": 5, "contradictory": 0, "rejected": 0, "faults": [],
    }  # fmt: skip
    assert [value for _, _, value in await rows(pool)] == [112.4, 112.9, 0.0, 0.2, 0.4]


async def test_a_logger_cannot_speak_for_another(houses: "Houses", posting: Any, pool: Pool) -> None:
    house = houses(ingest_keys=KEYS)
    path = uploads.PATH.replace("{name}", "logger")
    status, answer = await posting(house, path, dta().replace(b"00123", b"00999"), "logger", "k6")
    assert (status, "is linked to no station" in answer) == (400, True)
    assert (await posting(house, path, dta(), "brod", "k4"))[0] == 403
    assert (await posting(houses(), uploads.PATH.replace("{name}", "brod"), dta()))[0] == 404
    assert await rows(pool) == []


async def test_a_file_of_a_vendor(houses: "Houses", posting: Any, pool: Pool) -> None:
    at = (NOW - timedelta(minutes=20)).astimezone()
    head = "Obec\nStanice;Datum;Cas;Hladina [cm];Srazky\n"
    body = f"{head}LVS-1;{at:%d.%m.%Y;%H:%M};112,4;0,2\nLVS-1;x;y;1;1\n".encode("cp1250")
    path = uploads.PATH.replace("{name}", "village")
    status, answer = await posting(houses(), path, body)
    said = json.loads(answer)
    assert (status, said["accepted"], said["rejected"]) == (200, 2, 1)
    assert "not of the form" in said["faults"][0]
    assert (await posting(houses(), path, b"nothing"))[0] == 400
    assert (await posting(houses(), path, f"{head}LVS-1;x;y;1;1\n".encode()))[0] == 400
