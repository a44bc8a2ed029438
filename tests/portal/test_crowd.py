"""Five hundred gauges with hostile names, and none at all: the pages stay small, quick to make and true."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from floodcore.house import House
from floodcore.network.model import Names
from floodcore.words import Language
from tests.portal.conftest import HOSTILE, Running, Serve, parsed

NASTY = (HOSTILE, "x" * 300, "\N{HEBREW LETTER ALEF}" * 30 + "\N{RIGHT-TO-LEFT OVERRIDE}txt", "", " ", "ř" * 80)
# At 50 kbit/s (6.25 kB/s) what must come first may take no longer than ten seconds.
FIRST = ("/cs/", "/static/main.css", "/static/live.js", "/static/map.js", "/cs/map.js", "/static/leaflet/leaflet.css",
         "/api/v1/map.geojson")  # fmt: skip


async def packed(portal: Running, path: str) -> bytes:
    async with portal.client.get(path) as answer:
        assert answer.status == 200, path
        return await answer.read()


@pytest.fixture
async def crowd(house: House, serve: Serve) -> Running:
    """A house of 500 gauges, each twelfth with a name that is meant to hurt; all with readings."""
    pattern = house.network.stations["320000"]
    stations = {
        f"g{n:03}": replace(
            pattern, id=f"g{n:03}", names=Names(NASTY[n // 12 % len(NASTY)] if n % 12 == 0 else f"Gauge {n}"),
            lat=50.5 + n / 1000, lon=14.2 + n % 50 / 40, upstream=(f"g{n - 1:03}",) if n else (), river_km=float(n),
        )
        for n in range(500)
    }  # fmt: skip
    portal = await serve(replace(house, network=replace(house.network, stations=stations)))
    now = house.clock.now().replace(microsecond=0)
    async with house.pool.connection() as conn, conn.transaction():
        await conn.execute("INSERT INTO rule_version VALUES ('t', '{}', now())")
        await conn.execute(
            "INSERT INTO series (station_id, quantity, unit) SELECT 'g' || lpad(n::text, 3, '0'), 'level', 'cm'"
            " FROM generate_series(0, 499) n"
        )
        await conn.execute(
            "INSERT INTO observation SELECT series_id, %s, 100 + series_id, 1, 'cm', 1, '', false, 'chmu', now()"
            " FROM series",
            (now - timedelta(minutes=5),),
        )
        await conn.execute("INSERT INTO tip SELECT series_id, %s FROM series", (now - timedelta(minutes=5),))
        await conn.execute(
            "INSERT INTO series_state (series_id, rule_version, judged_until, lifecycle, degree, value, observed_at,"
            " trend, trend_per_hour, flag, test, updated_at) SELECT series_id, 't', %(at)s, '{}', series_id %% 4,"
            " 100 + series_id, %(at)s, 'rising', 12.5, 1, '', %(at)s FROM series",
            {"at": now - timedelta(minutes=5)},
        )
    await packed(portal, "/health")
    return portal


async def test_five_hundred_gauges_are_light_and_harmless(crowd: Running) -> None:
    sizes = {path: len(await packed(crowd, path)) for path in FIRST}
    assert sum(sizes.values()) <= 60_000, sizes
    for path in ("", "table", "health", "stations/g012", "stations/g024", "stations/g036"):
        for language in (Language.CS, Language.DE):
            async with crowd.client.get(f"/{language}/{path}", headers={"Accept-Encoding": "identity"}) as answer:
                assert answer.status == 200
                text = await answer.text()
            page = parsed(text, strict=True)
            assert "<script>alert" not in text
            assert len(page.xpath("//h1")) == 1
            assert len(await packed(crowd, f"/{language}/{path}")) <= 60_000
    async with crowd.client.get("/cs/table", headers={"Accept-Encoding": "identity"}) as answer:
        links = parsed(await answer.text()).xpath("//tbody//th/a")
    assert len(links) == 500
    assert all(link.text_content().strip() for link in links), "a gauge without a name goes by its number"


@pytest.mark.parametrize("language", Language)
async def test_an_empty_database_promises_nothing(portal: Running, language: Language) -> None:
    await packed(portal, "/health")
    for path in ("", "table", "events", "status", "health", "warnings", "sources", "stations/320000"):
        async with portal.client.get(f"/{language}/{path}", headers={"Accept-Encoding": "identity"}) as answer:
            text = await answer.text()
        page = parsed(text, strict=True)
        assert not re.search(r"\bNone\b|\bnan\b|\bundefined\b", page.xpath("string(//main)")), path
        shown = page.xpath("//p[@class='allquiet']/text()")
        assert shown in ([], [portal.house.texts.say(language, "page.list.unheard")]), "nothing heard is not all quiet"
    body = await (await portal.client.get("/api/v1/map.geojson", headers={"Accept-Encoding": "identity"})).json(
        content_type=None
    )
    assert {feature["properties"]["freshness"] for feature in body["features"]} == {"never"}
    assert {feature["properties"]["degree_reached"] for feature in body["features"]} == {None}
