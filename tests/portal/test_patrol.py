"""The page of the flood patrols: who may, what is kept, what is refused, in four languages."""

import asyncio
import base64
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from floodcore.network.model import Link
from floodcore.words import Language
from tests.portal.conftest import put

if TYPE_CHECKING:
    from tests.portal.conftest import Running

KEYS = {"novak": "correct horse", "horak": "battery staple"}
TOKEN = "0" * 32


def basic(name: str, key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()}


NOVAK = basic("novak", KEYS["novak"])


@pytest.fixture
def site(portal: "Running") -> "Running":
    """The portal with keys of two people, and one station with a staff gauge."""
    network = portal.house.network
    stations = dict(network.stations)
    stations["320000"] = replace(stations["320000"], links=(*stations["320000"].links, Link("patrol")))
    object.__setattr__(portal.house, "network", replace(network, stations=stations))
    object.__setattr__(portal.house, "settings", replace(portal.house.settings, patrol_keys=KEYS))
    return portal


def filled(**changes: str) -> dict[str, str]:
    return {"station": "320000", "value": "142,5", "time": "", "token": TOKEN} | changes


async def texts(site: "Running") -> list[tuple[Any, ...]]:
    async with site.house.pool.connection() as conn:
        statement = "SELECT channel, sender, body, message FROM inbound_text ORDER BY text_id"
        return await (await conn.execute(statement)).fetchall()


@pytest.mark.parametrize("language", ["cs", "de", "pl", "en"])
async def test_the_form_is_there_in_every_language(site: "Running", language: str) -> None:
    async with site.client.get(f"/{language}/patrol", headers=NOVAK) as answer:
        page = await answer.text()
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert site.house.texts.say(Language(language), "page.patrol.send") in page
    assert re.search(r'name="token" value="[0-9a-f]{32}"', page)
    assert page.count("<option") == 1
    assert "novak" in page


@pytest.mark.parametrize("headers", [{}, basic("novak", "wrong"), basic("nobody", ""), basic("novak", ""),
                                     {"Authorization": "Basic ///"}, {"Authorization": "Bearer x"}])  # fmt: skip
async def test_without_a_key_there_is_no_form_and_nothing_is_taken(site: "Running", headers: dict[str, str]) -> None:
    async with site.client.get("/cs/patrol", headers=headers) as answer:
        assert answer.status == 401
        assert "Basic" in answer.headers["WWW-Authenticate"]
        assert "<form" not in await answer.text()
    async with site.client.post("/cs/patrol", headers=headers, data=filled()) as answer:
        assert answer.status == 401
    assert await texts(site) == []


async def test_a_house_without_keys_opens_for_nobody(portal: "Running") -> None:
    async with portal.client.get("/cs/patrol", headers=basic("", "")) as answer:
        assert answer.status == 401


async def test_what_is_sent_is_kept_once_and_shown(site: "Running") -> None:
    for _ in range(2):  # a second press of the button
        async with site.client.post("/de/patrol", headers=NOVAK, data=filled(), allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/de/patrol?taken")
    assert await texts(site) == [("page", "patrol:novak", "LEVEL 320000 142,5 cm", TOKEN)]
    async with site.client.get("/de/patrol?taken", headers=NOVAK) as answer:
        page = await answer.text()
    assert "wartet auf Verarbeitung" in page
    assert "Angenommen" in page
    async with site.client.get("/de/patrol", headers=basic("horak", KEYS["horak"])) as answer:
        assert "142,5" not in await answer.text()  # each sees their own


@pytest.mark.parametrize(
    "changes",
    [
        {"station": "316000"}, {"station": ""}, {"station": "<script>"}, {"value": ""}, {"value": "high"},
        {"value": "1e3"}, {"value": "99999"}, {"value": "142\n"  "STAV 1 2"}, {"time": "noon"}, {"token": "x"},
    ],
)  # fmt: skip
async def test_what_is_filled_in_wrongly_is_said_and_not_kept(site: "Running", changes: dict[str, str]) -> None:
    async with site.client.post("/en/patrol", headers=NOVAK, data=filled(**changes)) as answer:
        assert answer.status == 422
        page = await answer.text()
    assert "Nothing was stored" in page
    assert "<script>alert" not in page.replace("&lt;", "")
    assert await texts(site) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 303),
    ],
)
async def test_another_site_cannot_send_in_my_name(site: "Running", headers: dict[str, str], status: int) -> None:
    async with site.client.post("/cs/patrol", headers=NOVAK | headers, data=filled(), allow_redirects=False) as answer:
        assert answer.status == status
    assert len(await texts(site)) == (status == 303)


async def test_too_much_and_nonsense_are_refused(site: "Running") -> None:
    for body, status in ((b"x" * 5000, 413), (b"\xff\xfe", 422), (b"a=1&" * 50, 422)):
        async with site.client.post("/cs/patrol", headers=NOVAK, data=body) as answer:
            assert answer.status == status


async def test_a_reading_by_a_person_is_marked_on_the_page_of_the_station(site: "Running") -> None:
    await put(site.house.pool, "320000", 101.0, 0)
    async with site.client.get("/en/stations/320000", headers={"Accept-Encoding": "identity"}) as answer:
        assert "read by a person" not in await answer.text()
    async with site.house.pool.connection() as conn:
        await conn.execute("UPDATE observation SET source = 'patrol'")
    await asyncio.sleep(1.1)  # a page is kept for a second
    async with site.client.get("/en/stations/320000", headers={"Accept-Encoding": "identity"}) as answer:
        assert "read by a person" in await answer.text()


async def test_a_form_that_comes_in_two_pieces_is_read_whole(site: "Running") -> None:
    """Half a value would be another value: 2 instead of 245."""
    parts = urlsplit(site.base)
    body = f"station=320000&token={TOKEN}&value=245&time="
    cut = body.index("245") + 1
    lines = ["POST /cs/patrol HTTP/1.1", f"Host: {parts.netloc}", f"Authorization: {NOVAK['Authorization']}",
             "Content-Type: application/x-www-form-urlencoded", f"Origin: {site.base}",
             f"Content-Length: {len(body)}", "Connection: close"]  # fmt: skip
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(("\r\n".join(lines) + "\r\n\r\n" + body[:cut]).encode())
    await writer.drain()
    await asyncio.sleep(0.3)
    writer.write(body[cut:].encode())
    await writer.drain()
    assert b" 303 " in (await reader.readline())
    writer.close()
    assert ["245" in str(row[2]) for row in await texts(site)] == [True]
