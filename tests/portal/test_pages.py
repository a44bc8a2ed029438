"""The pages as a browser gets them: in four languages, well formed, safe, without anything from outside."""

import gzip
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from floodcore.house import House
from floodcore.words import Flag, Language, Quantity
from portal import assets, shapes
from tests.portal.conftest import HOSTILE, Running, Serve, happen, parsed, past, put, svg_parsed

PAGES = ("", "table", "events", "status", "stations/320000", "stations/rain-1", "stations/nowhere", "nothing/here")
# Addresses in attributes and styles are requests; texts such as a source's name are not.
OUTSIDE = re.compile(
    r"""(?:src|href|action|poster|data|srcset|content)\s*=\s*["']?\s*(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import"""
)


async def fill(house: House) -> None:
    now = datetime.now(UTC)
    await put(house.pool, "320000", 215.0, 2)
    await past(house.pool, "320000", [(m, 100.0 + (600 - m) / 5) for m in range(13, 600, 10) if not 200 < m < 300])
    await put(house.pool, "316000", 95.0, 1, age=timedelta(minutes=90))
    await put(house.pool, "660100", 250.0, 3)
    await put(house.pool, "150140010", 170.0, 2, flag=Flag.SUSPECT, test="spike")
    await put(house.pool, "rain-1", 4.2, None, quantity=Quantity.RAIN)
    await put(house.pool, "stranger", 12.0, None, judged=False)
    await happen(house.pool, "320000", 2, at=now - timedelta(hours=1), was=1)
    await happen(house.pool, "320000", 1, at=now - timedelta(minutes=30), kind="declared", author=HOSTILE)


async def text_of(portal: Running, path: str, status: int = 200) -> str:
    async with portal.client.get(path, headers={"Accept-Encoding": "identity"}) as answer:
        assert answer.status == status, path
        return await answer.text()


async def test_every_page_in_every_language_is_well_formed_and_asks_nothing_from_outside(portal: Running) -> None:
    await fill(portal.house)
    for language in Language:
        for page in PAGES:
            text = await text_of(portal, f"/{language}/{page}", 404 if "nothing" in page else 200)
            tree = parsed(text, strict=True)
            assert tree.get("lang") == language.value
            assert not OUTSIDE.search(text.replace('xmlns="http://www.w3.org/2000/svg"', ""))
            assert "<script>alert" not in text
            assert "49" not in "".join(tree.xpath("//h1//text()")), "a template ran inside a name"
            assert not tree.xpath("//script[not(@src)] | //*[@style] | //style | //*[@onclick] | //*[@onload]")
            ids = tree.xpath("//@id")
            assert len(ids) == len(set(ids))
            assert len(tree.xpath("//h1")) == 1
            assert "{" not in "".join(tree.xpath("//body//text()")).replace(HOSTILE, ""), "a place was left unfilled"


async def test_scripts_and_styles_ask_nothing_from_outside(portal: Running) -> None:
    for path in ("/cs/map.js", *(f"/static/{name}" for name in ("main.css", "live.js", "map.js", "icon.svg"))):
        text = (await text_of(portal, path)).replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "//" not in re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL), path


async def test_leaflet_comes_from_the_installed_package(portal: Running) -> None:
    page = parsed(await text_of(portal, "/cs/"))
    scripts = page.xpath("//script/@src")
    assert [re.sub(r"\?.*", "", script) for script in scripts] == [
        "/static/live.js", "/static/leaflet/leaflet.js", "/static/map.js", "/cs/map.js",
    ]  # fmt: skip
    assert "Leaflet 1.9" in (await text_of(portal, scripts[1]))[:200]
    style = await text_of(portal, "/static/leaflet/leaflet.css")
    for image in re.findall(r"url\((images/layers[^)]*)\)", style):
        await text_of_bytes(portal, f"/static/leaflet/{image}")


async def text_of_bytes(portal: Running, path: str) -> bytes:
    async with portal.client.get(path) as answer:
        assert answer.status == 200
        return await answer.read()


async def test_the_first_useful_page_is_light(portal: Running) -> None:
    await fill(portal.house)
    sizes = [len(await text_of_bytes(portal, path)) for path in ("/cs/", "/static/main.css", "/static/live.js",
             "/static/map.js", "/cs/map.js", "/static/leaflet/leaflet.css", "/api/v1/map.geojson")]  # fmt: skip
    assert sum(sizes) <= 60_000


async def test_the_station_page_says_everything(portal: Running) -> None:
    await fill(portal.house)
    text = await text_of(portal, "/en/stations/320000")
    tree = parsed(text)
    words = " ".join(" ".join(tree.xpath("//main//text()")).split())
    assert "Reached SPA 2 of 3 (CZ) – readiness" in words
    assert "Declared SPA 1 of 3 (CZ) – vigilance" in words
    assert "no forecast available" in words
    assert "rising (+12 cm/h)" in words or "rising (+13 cm/h)" in words
    assert "Source: flood plan. Valid from: 2026-02-06." in words
    assert "river kilometre" in words, "what is missing is said"
    assert "Gaps in the data: 1." in words
    assert tree.xpath("//a[contains(@href, '/en/stations/316000')]"), "upstream"
    assert tree.xpath("//a[contains(@href, '/en/stations/660100')]"), "downstream"
    for picture in tree.xpath("//figure//svg"):
        drawn = svg_parsed(etree.tostring(picture, with_tail=False).decode())
        assert len(drawn.xpath("//*[@class='water']")) == 2, "a gap is a gap in the line"
        assert drawn.xpath("string(//*[local-name()='title'])")
        assert drawn.xpath("string(//*[local-name()='desc'])")
        assert {"l1", "l2", "l3"} <= {name.split()[-1] for name in drawn.xpath("//@class")}


async def test_a_foreign_degree_is_never_an_spa(portal: Running) -> None:
    await fill(portal.house)
    for language in Language:
        for station in ("660100", "150140010"):
            tree = parsed(await text_of(portal, f"/{language}/stations/{station}"))
            state = " ".join(tree.xpath("//section[contains(@class, 'state')]//text()"))
            assert "SPA" not in state
            body = tree.xpath("//div[@class='big']//*[local-name()='path'][@class='body']/@d")
            assert body == [shapes.PATHS["foreign"]], "a shape of its own"
            sign, words = ("A3", "Alarmstufe 3") if station == "660100" else ("P2", "2 z 2")
            assert "".join(tree.xpath("//div[@class='big']//*[local-name()='text'][1]/text()")) in {sign, f"{sign}?"}
            assert language is not Language.DE or station != "660100" or words in state
            assert language is not Language.PL or station == "660100" or words in state
            graph = " ".join(tree.xpath("//figure//text()"))
            assert "SPA" not in graph


async def test_the_table_is_sorted_worst_first_and_filters_without_javascript(portal: Running) -> None:
    await fill(portal.house)
    tree = parsed(await text_of(portal, "/cs/table"))
    names = [name.strip() for name in tree.xpath("//tbody/tr/th/a/text()")]
    assert names[:4] == ["Zittau 1", "Porajów", "Hrádek nad Nisou", "Liberec"]
    assert len(names) == 8, "the stranger is shown too"
    tree = parsed(await text_of(portal, "/cs/table?show=degree&sort=name&river=nisa"))
    assert [n.strip() for n in tree.xpath("//tbody/tr/th/a/text()")] == [
        "Hrádek nad Nisou",
        "Liberec",
        "Porajów",
        "Zittau 1",
    ]
    tree = parsed(await text_of(portal, "/cs/table?show=<b>&sort='&river=%00"))
    assert len(tree.xpath("//tbody/tr")) == 8, "nonsense is the default"


async def test_exercise_and_synthetic_are_said_on_every_page(house: House, serve: Serve) -> None:
    exercise = replace(house, settings=replace(house.settings, exercise=True))
    portal = await serve(exercise)
    for language, word in zip(Language, ("CVIČENÍ", "ÜBUNG", "ĆWICZENIA", "EXERCISE"), strict=True):
        for page in PAGES:
            text = await text_of(portal, f"/{language}/{page}", 404 if "nothing" in page else 200)
            tree = parsed(text)
            assert word in "".join(tree.xpath("//*[@class='ribbon']//text()"))
            assert word in tree.xpath("string(//*[local-name()='title'])")
    assert "umělá data" in await text_of(portal, "/cs/stations/rain-1")
    assert "umělá data" in await text_of(portal, "/cs/table")


async def test_the_front_door_negotiates(portal: Running) -> None:
    for accept, expected in (
        ("", "cs"), ("de-DE,de;q=0.9,en;q=0.8", "de"), ("fr, pl;q=0.4, en;q=0.3", "pl"), ("en;q=0, *;q=0.1", "cs"),
        ("hsb", "de"), ("sk-SK", "cs"), (";;;q=x,,en-GB", "en"), ("de;q=2", "cs"), ("en;q=0.5,de;q=0.50001", "de"),
    ):  # fmt: skip
        async with portal.client.get("/", headers={"Accept-Language": accept}, allow_redirects=False) as answer:
            assert answer.status == 302
            assert answer.headers["Location"] == f"/{expected}/"
            assert answer.headers["Vary"] == "Accept-Language"


async def test_an_unknown_language_is_404_in_style(portal: Running) -> None:
    for path in (
        "/fr/",
        "/xx/table",
        "/wp-login.php",
        "/cs/stations/unknown",
        "/cs/..%2f..%2fetc/passwd",
        "/static/none.js",
    ):
        async with portal.client.get(path, headers={"Accept-Language": "de"}) as answer:
            assert answer.status == 404, path
            text = gzip.decompress(await answer.read()).decode()
        assert ("Hier ist nichts" if not path.startswith("/cs") else "Tady nic není") in text


async def test_every_answer_carries_the_safety_headers(house: House, serve: Serve) -> None:
    tiled = replace(house, settings=replace(house.settings, tile_url="https://{s}.tiles.example/{z}/{x}/{y}.png"))
    portal = await serve(tiled)
    for path in (
        "/",
        "/cs/",
        "/cs/table",
        "/xx",
        "/static/main.css",
        "/api/v1/map.geojson",
        "/api/v1/none",
        "/health",
        "/metrics",
    ):
        async with portal.client.get(path, allow_redirects=False) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self';" in policy
            assert "img-src 'self' data: https://*.tiles.example;" in policy
            assert policy.endswith("frame-ancestors 'none'")
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "tiles.example" in await text_of(portal, "/cs/map.js")


async def test_head_tags_and_compression(portal: Running) -> None:
    await fill(portal.house)
    for path in ("/cs/", "/static/main.css", "/api/v1/map.geojson", "/api/v1/stations", "/cs/map.js"):
        async with portal.client.get(path, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            tag, packed = answer.headers["ETag"], await answer.read()
        async with portal.client.get(path, headers={"Accept-Encoding": "gzip;q=0"}) as answer:
            assert "Content-Encoding" not in answer.headers
            plain = await answer.read()
        if answer.headers["ETag"] == tag:  # a page tells the minute and may turn between two requests
            assert gzip.decompress(packed) == plain
        async with portal.client.head(path) as answer:
            assert answer.status == 200
            assert await answer.read() == b""
        async with portal.client.get(path, headers={"If-None-Match": f'"x", {answer.headers["ETag"]}'}) as answer:
            assert answer.status in {200, 304}
            assert path == "/cs/" or answer.status == 304


def test_every_template_file_exists_as_an_asset() -> None:
    with pytest.raises(KeyError):
        assets.read().url("none.css")
