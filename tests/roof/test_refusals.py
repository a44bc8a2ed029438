"""What the rooms answer as the roof composes them: to a method an address does not take, and how the bridge lives."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from jsonschema import Draft202012Validator

from floodcore.house import House, Pool
from floodcore.network.model import Names, Network, Partner
from floodcore.settings import Settings
from floodcore.supervision import Supervisor
from floodcore.texts import Texts
from floodcore.words import Language
from hladina.compose import ROOMS, rooms
from portal import contract

WRITING = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
async def asking(database: str, pool: Pool, texts: Texts) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of all rooms on one port."""
    settings = Settings(database, Path())
    partner = Partner("lhwz", Names("LHWZ"), "DE", (Language.DE,))
    house = House(settings, pool, Network(partners={"lhwz": partner}), texts, Supervisor(settings.clock))
    application = web.Application()
    for room in rooms(ROOMS):
        application.add_routes(room.routes(house))
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as client:
        yield client
    await runner.cleanup()


async def asked(client: aiohttp.ClientSession, method: str, path: str) -> tuple[int, str | None, dict[str, Any]]:
    async with client.request(method, path) as answer:
        assert answer.headers["Content-Type"].startswith("application/json"), (method, path, await answer.text())
        return answer.status, answer.headers.get("Allow"), await answer.json()


@pytest.mark.parametrize("method", [*WRITING, "OPTIONS", "PROPFIND"])
async def test_what_is_nobodys_below_api_is_not_found_whatever_the_method(
    asking: aiohttp.ClientSession, method: str
) -> None:
    for path in ("/api/v1/nope", "/api/", "/api/v1/stations/a/b/c"):
        status, _, said = await asked(asking, method, path)
        assert (status, said["hint"]) == (404, "see /api/v1/openapi.json")


@pytest.mark.parametrize("method", WRITING)
async def test_feeds_are_only_read(asking: aiohttp.ClientSession, method: str) -> None:
    for path in ("atom.xml", "status.json", "cap/any.xml", "exercise/current.xml", "nope"):
        status, allow, said = await asked(asking, method, f"/feed/{path}")
        assert (status, allow, said["hint"]) == (405, "GET, HEAD, OPTIONS", "use GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    ("path", "takes"),
    [
        ("ingest/a", "POST"),
        ("upload/a", "POST, PUT"),
        ("hooks/chirpstack", "POST"),
        ("hooks/hardwario", "POST"),
        ("sensorthings/Observations", "POST"),
    ],
)
async def test_a_door_says_which_method_it_takes(asking: aiohttp.ClientSession, path: str, takes: str) -> None:
    for method in ("GET", *WRITING):
        async with asking.request(method, f"/api/v1/{path}") as answer:
            if method in takes.split(", "):
                assert answer.status not in {404, 405} or (await answer.json())["error"].startswith("unknown_")
                continue
            assert (answer.status, answer.headers["Allow"]) == (405, takes), method
            assert takes in (await answer.json())["message"]


async def test_the_status_of_the_bridge_is_what_the_document_says(asking: aiohttp.ClientSession, pool: Pool) -> None:
    for fetches in range(2):
        for path in ("/feed/status.json", "/feed/exercise/status.json"):
            status, _, found = await asked(asking, "GET", path)
            assert (status, len(found["partners"])) == (200, 1), fetches
            fits(found, path, "200")
        async with asking.get("/feed/atom.xml?partner=lhwz") as answer:
            assert answer.status == 200
    await pool.close()
    for path in ("/feed/status.json", "/feed/exercise/status.json"):
        status, _, found = await asked(asking, "GET", path)
        assert status == 503
        fits(found, path, "503")


def fits(found: dict[str, Any], path: str, status: str) -> None:
    document: dict[str, Any] = json.loads(json.dumps(contract.document()))
    answer = document["paths"][path]["get"]["responses"][status]
    schema = answer["content"]["application/json"]["schema"] | {"components": document["components"]}
    Draft202012Validator(schema).validate(found)
