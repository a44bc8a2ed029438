"""POST /api/v1/ingest/{station} on a real server and a real database."""

import gzip
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, encode_basic_auth, web

from collectors import push, repair
from floodcore.house import House
from floodcore.store.connect import Pool

if TYPE_CHECKING:
    from tests.collectors.conftest import Houses

Runs = Callable[[web.Application], AbstractAsyncContextManager[str]]
NOW = datetime.now(UTC).replace(microsecond=0)


def body(*samples: dict[str, object], **more: object) -> bytes:
    return json.dumps({"station": "brod", "seq": 1, "samples": samples} | more).encode()


def sample(minute: int = 0, value: object = 112.4, **more: object) -> dict[str, object]:
    stamp = (NOW - timedelta(hours=1) + timedelta(minutes=minute)).isoformat()
    return {"t": stamp, "q": "level", "v": value, "u": "cm"} | more


def basic(user: str, key: str) -> dict[str, str]:
    return {"Authorization": encode_basic_auth(user, key)}


@pytest.fixture
def pushing(application_runs: Runs) -> Callable[..., Any]:
    """Posts `content` to a house; gives status and answer."""

    async def post(house: House, content: bytes, station: str = "brod", **options: Any) -> tuple[int, Any]:
        application = web.Application()
        application.add_routes(push.routes(house))
        path = f"/api/v1/ingest/{station}"
        async with (
            application_runs(application) as url,
            ClientSession() as http,
            http.post(url + path, data=BytesIO(content), **options) as response,
        ):
            return response.status, await response.json()

    return post


async def count(pool: Pool) -> int:
    async with pool.connection() as conn:
        row = await (await conn.execute("SELECT count(*) FROM observation")).fetchone()
        return int(row[0]) if row else -1


async def test_stored_and_idempotent(houses: "Houses", pool: Pool, pushing: Any) -> None:
    content = body(sample(0), sample(10, 0), sample(0, 1.5, q="rain", u="mm"))
    zero = {"repeated": 0, "contradictory": 0, "rejected": 0, "faults": []}
    assert await pushing(houses(), content) == (200, {"station": "brod", "accepted": 3} | zero)
    assert await pushing(houses(), content) == (200, {"station": "brod", "accepted": 0} | zero | {"repeated": 3})
    assert await count(pool) == 3


async def test_a_bad_sample_is_named_and_kept(houses: "Houses", pool: Pool, pushing: Any) -> None:
    future = {"t": (NOW + timedelta(hours=1)).isoformat()}
    status, answer = await pushing(houses(), body(sample(0), sample(10, u="cubit"), sample(20) | future))
    assert status == 200
    assert (answer["accepted"], answer["rejected"]) == (1, 2)
    assert answer["faults"][0]["index"] == 1
    assert "unknown unit" in answer["faults"][0]["reason"]
    async with pool.connection() as conn:
        kept = await (await conn.execute("SELECT reason FROM quarantine ORDER BY reason")).fetchall()
    assert [reason.split(":")[0] for (reason,) in kept] == ["1 samples, the first at 1", "future"]


async def test_nothing_usable_is_422(houses: "Houses", pushing: Any) -> None:
    status, answer = await pushing(houses(), body(sample(0, None)))
    assert status == 422
    assert answer["rejected"] == 1


@pytest.mark.parametrize(
    ("content", "station", "status", "error"),
    [
        (b"{", "brod", 400, "undecodable"),
        (body(sample(), station="mlyn"), "brod", 400, "undecodable"),
        (body(sample()), "nowhere", 404, "unknown_station"),
        (b" " * (push.BODY_CAP + 1), "brod", 413, "too_large"),
    ],
)
async def test_refusals_say_what_to_do(
    houses: "Houses", pushing: Any, content: bytes, station: str, status: int, error: str
) -> None:
    found, answer = await pushing(houses(), content, station)
    assert (found, answer["error"]) == (status, error)
    assert answer["message"]


async def test_gzip_bodies(houses: "Houses", pushing: Any) -> None:
    headers = {"Content-Encoding": "gzip"}
    assert (await pushing(houses(), gzip.compress(body(sample())), headers=headers))[0] == 200
    assert (await pushing(houses(), gzip.compress(b" " * 50_000_000), headers=headers))[0] == 413
    assert (await pushing(houses(), b"no gzip at all", headers=headers))[0] == 400


async def test_keys(houses: "Houses", pushing: Any) -> None:
    house = houses(ingest_keys={"brod": "k1", "mlyn": "k2"})
    assert (await pushing(house, body(sample())))[0] == 401
    assert (await pushing(house, body(sample()), headers=basic("mlyn", "k2")))[0] == 403
    assert (await pushing(house, body(sample()), headers=basic("brod", "k1")))[0] == 200


async def test_open_to_the_world_without_keys_is_closed(houses: "Houses", pushing: Any, pool: Pool) -> None:
    status, answer = await pushing(houses(host="0.0.0.0"), body(sample()))  # noqa: S104
    assert (status, answer["error"]) == (403, "not_configured")
    assert "HLADINA_INGEST_KEYS" in answer["message"]
    assert await count(pool) == 0


@pytest.mark.shows("outage", "push")
async def test_no_2xx_without_commit(houses: "Houses", pushing: Any, pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.execute("ALTER TABLE dirty RENAME TO gone")
    status, answer = await pushing(houses(), body(sample()))
    assert (status, answer["error"]) == (503, "not_stored")
    assert await count(pool) == 0


async def test_a_large_batch(houses: "Houses", pushing: Any, pool: Pool) -> None:
    samples = [sample() | {"t": (NOW - timedelta(seconds=k)).isoformat()} for k in range(5000)]
    status, answer = await pushing(houses(), body(*samples))
    assert (status, answer["accepted"]) == (200, 5000)


async def test_the_answer_names_what_is_missing_until_it_came(
    houses: "Houses", pushing: Callable[..., Any], pool: Pool
) -> None:
    """A logger that kept its samples learns which of them never arrived."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    times = [now - timedelta(minutes=10 * n) for n in range(30, 0, -1)]

    def content(chosen: Sequence[datetime]) -> bytes:
        samples = [{"t": at.isoformat(), "q": "level", "v": 50, "u": "cm"} for at in chosen]
        return json.dumps({"samples": samples}).encode()

    house = houses()
    _, answer = await pushing(house, content(times[:10] + times[20:]))
    assert "missing" not in answer
    assert await repair.search(house, now) == 1
    _, answer = await pushing(house, content([now]))
    stamps = [each.isoformat().replace("+00:00", "Z") for each in (times[9], times[20])]
    assert answer["missing"] == [{"q": "level", "from": stamps[0], "to": stamps[1], "count": 10}]
    _, answer = await pushing(house, content(times[10:20]))
    assert (answer["accepted"], answer.get("missing")) == (10, None)
    async with pool.connection() as conn:
        late = await (await conn.execute("SELECT count(*) FROM observation WHERE late")).fetchone()
    assert late == (10,), "they complete the record and are never judged"
