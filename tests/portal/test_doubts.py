"""Doubts between series: a doubted gauge is not shown as fresh anywhere, keeps its degree, and is not better for it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from floodcore.house import Pool
from floodcore.quality import beside, rain
from floodcore.store import doubts
from floodcore.store.doubts import DoubtView, NewDoubt
from floodcore.store.foresight import ForesightView, LimitOutlook, Outlook, Told
from floodcore.store.views import SeriesView
from floodcore.texts import Texts
from floodcore.words import Flag, Freshness, Language, Quantity
from portal import ahead
from portal.doubting import TESTS, sentence
from portal.marks import Mark, marks
from portal.reading import Reader
from tests.portal.conftest import Running, parsed, put, small_network

HOUR = timedelta(hours=1)
NOW = datetime(2026, 7, 14, 1, 30, tzinfo=UTC)
NUMBERS = {
    beside.DRIFT: {"cm": -12.4, "hours": 72.0},
    beside.STEP: {"cm": 31.0},
    beside.STILL: {"hours": 3.0, "gauges": 2.0},
    beside.ALONE: {"cm": 44.0, "beside_cm": 1.0, "rain_mm": 0.2},
    rain.CLOGGED: {"mm": 0.1, "hours": 6.0, "beside_mm": 14.5},
    rain.DOUBLE: {"times": 1.9, "beside_mm": 40.0},
}


async def doubt(
    portal: Running,
    test: str,
    *,
    station: str = "320000",
    quantity: Quantity = Quantity.LEVEL,
    since: timedelta = HOUR,
    left: timedelta = HOUR,
    numbers: dict[str, float] | None = None,
) -> None:
    """Cast a doubt upon a series that has readings; `left` below zero = it has ended."""
    now = portal.house.clock.now()
    async with portal.house.pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT series_id FROM series WHERE station_id = %s AND quantity = %s", (station, quantity.value)
        )
        row = await cursor.fetchone()
        assert row is not None
        evidence = NUMBERS.get(test, {}) if numbers is None else numbers
        await doubts.save(conn, [NewDoubt(row[0], test, now - since, now + left, f"log says {test}", evidence)])
    await (await portal.client.get("/health")).read()


async def text_of(portal: Running, path: str) -> str:
    async with portal.client.get(path, headers={"Accept-Encoding": "identity"}) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def states(portal: Running, station: str = "320000") -> list[dict[str, Any]]:
    """The state of a gauge as the map's data, the answer about it and the answer about all give it."""
    collection = json.loads(await text_of(portal, "/api/v1/map.geojson"))
    one = json.loads(await text_of(portal, f"/api/v1/stations/{station}"))["state"]
    every = json.loads(await text_of(portal, "/api/v1/stations"))["stations"]
    return [
        next(feature["properties"] for feature in collection["features"] if feature["id"] == station),
        one,
        next(each["state"] for each in every if each["id"] == station),
    ]


async def shown(portal: Running, language: Language = Language.EN) -> list[Any]:
    """The gauge's row in the table, its card beside the map, the state on its own page."""
    link = f"/{language}/stations/320000"
    table = parsed(await text_of(portal, f"/{language}/table"))
    chart = parsed(await text_of(portal, f"/{language}/"))
    page = parsed(await text_of(portal, link))
    return [
        *table.xpath(f"//tbody/tr[th/a[@href='{link}']]"),
        *chart.xpath(f"//li[a[@href='{link}']]"),
        *page.xpath("//section[contains(@class, 'state')]"),
    ]


@pytest.mark.parametrize("degree", [0, 2])
async def test_a_doubted_gauge_is_nowhere_fresh_and_keeps_its_degree(portal: Running, pool: Pool, degree: int) -> None:
    await put(pool, "320000", 215.0, degree)
    await put(pool, "316000", 215.0, 1)
    await doubt(portal, beside.STEP)
    for state in await states(portal):
        assert (state["freshness"], state["degree_reached"], state["value"]) == ("doubtful", degree, 215.0)
        assert (state["doubted_by"], state["suspect"]) == (["step"], None)
        (told,) = state["doubts"]
        assert (told["test"], told["quantity"], told["numbers"]) == ("step", "level", {"cm": 31.0})
    assert [state["freshness"] for state in await states(portal, "316000")] == ["fresh"] * 3
    rows = await shown(portal)
    assert len(rows) == 3, "table, the short list beside the map, its own page"
    for row in rows:
        words = " ".join(row.text_content().split())
        drawn = row.xpath(".//*[local-name()='svg'][contains(@class, 'mark')]/@class")[0].split()
        assert {"doubtful", f"d{degree}"} <= set(drawn)
        assert "In doubt: stepped while its neighbours stood. Last" in words
        assert "nothing newer is known" not in words, "its readings come"
        assert portal.house.texts.say(Language.EN, f"degree.{degree}") in words
    assert 'hladina_gauges{freshness="doubtful"} 1' in await text_of(portal, "/metrics")


@pytest.mark.parametrize("language", Language)
async def test_its_page_tells_every_doubt_with_its_numbers_and_times(
    portal: Running, pool: Pool, language: Language
) -> None:
    await put(pool, "320000", 215.0, 2)
    await doubt(portal, beside.ALONE)
    await doubt(portal, beside.DRIFT, since=30 * HOUR)
    page = parsed(await text_of(portal, f"/{language}/stations/320000"), strict=True)
    (section,) = page.xpath("//section[@aria-labelledby='doubts']")
    say = portal.house.texts.say
    assert section.xpath("string(h2[@id='doubts'])") == say(language, "doubt.title")
    lines = [item.text_content() for item in section.xpath(".//li")]
    assert len(lines) == 2
    told = " ".join(lines)
    for figure in ("44", "0.2" if language is Language.EN else "0,2", "\N{MINUS SIGN}12", "72"):
        assert figure in told
    assert say(language, "doubt.note") in section.text_content()


async def test_a_doubt_that_ended_is_gone_and_stands_in_the_log(portal: Running, pool: Pool) -> None:
    await put(pool, "320000", 215.0, 2)
    await doubt(portal, beside.STILL, since=5 * HOUR, left=-HOUR)
    await doubt(portal, beside.STEP, since=-HOUR, left=2 * HOUR)
    for state in await states(portal):
        assert (state["freshness"], state["doubts"], state["doubted_by"]) == ("fresh", [], [])
    page = parsed(await text_of(portal, "/cs/stations/320000"))
    assert page.xpath("//section[@class='doubts']") == []
    log = [item.text_content() for item in page.xpath("//*[@id='log']//ol[@class='log']/li")]
    (line,) = [each for each in log if "Pochybnost" in each]
    assert "Pochybnost do " in line
    assert "Už 3 h tatáž hodnota" in line
    assert 'hladina_doubts{test="still"} 0' in await text_of(portal, "/metrics")


async def test_the_log_is_in_order_and_says_of_an_open_doubt_that_it_is(portal: Running, pool: Pool) -> None:
    await put(pool, "320000", 215.0, 2)
    await doubt(portal, beside.STEP)
    await doubt(portal, beside.STEP, left=3 * HOUR, since=HOUR)
    await doubt(portal, beside.DRIFT, since=50 * HOUR)
    await doubt(portal, beside.STILL, since=timedelta(minutes=1))  # after the first reading
    page = parsed(await text_of(portal, "/en/stations/320000"))
    times = page.xpath("//*[@id='log']//ol[@class='log']/li/time/@datetime")
    assert times == sorted(times, reverse=True)
    assert sum("Doubt still open" in item.text_content() for item in page.xpath("//*[@id='log']//li")) == 4
    assert len(page.xpath("//section[@class='doubts']//li")) == 3, "one for each test"


@pytest.mark.parametrize(
    ("age", "flag", "expected"),
    [(HOUR * 2, Flag.GOOD, "silent"), (timedelta(minutes=3), Flag.SUSPECT, "doubtful")],
    ids=["silent", "doubtful by itself"],
)
async def test_a_gauge_that_is_worse_by_itself_stays_as_it_is(
    portal: Running, pool: Pool, age: timedelta, flag: Flag, expected: str
) -> None:
    await put(pool, "320000", 215.0, 2, age=age, flag=flag, test="stuck" if flag is Flag.SUSPECT else "")
    await doubt(portal, beside.DRIFT)
    for state in await states(portal):
        assert (state["freshness"], state["degree_reached"], state["doubted_by"]) == (expected, 2, [])
        assert [each["test"] for each in state["doubts"]] == ["drift"]
    for row in await shown(portal):
        assert "In doubt" not in row.text_content()
    assert len(parsed(await text_of(portal, "/en/stations/320000")).xpath("//section[@class='doubts']//li")) == 1


async def test_a_doubt_upon_another_series_does_not_darken_the_level(portal: Running, pool: Pool) -> None:
    await put(pool, "320000", 215.0, 2)
    await put(pool, "320000", 11.0, None, quantity=Quantity.RAIN)
    await doubt(portal, rain.CLOGGED, quantity=Quantity.RAIN)
    for state in await states(portal):
        assert (state["freshness"], state["doubted_by"]) == ("fresh", [])
        assert [each["quantity"] for each in state["doubts"]] == ["rain"]
    assert "14.5 mm" in await text_of(portal, "/en/stations/320000")


@pytest.mark.parametrize("language", Language)
async def test_status_lists_all_and_metrics_count_them(portal: Running, pool: Pool, language: Language) -> None:
    await put(pool, "320000", 215.0, 2)
    await put(pool, "rain-1", 0.0, None, quantity=Quantity.RAIN)
    say = portal.house.texts.say
    page = parsed(await text_of(portal, f"/{language}/status"))
    assert page.xpath("string(//section[@id='doubts']//li)") == say(language, "page.status.none")
    await doubt(portal, beside.STEP, since=2 * HOUR)
    await doubt(portal, rain.DOUBLE, station="rain-1", quantity=Quantity.RAIN)
    await doubt(portal, "newer", numbers={})
    page = parsed(await text_of(portal, f"/{language}/status"), strict=True)
    found = page.xpath("//section[@id='doubts']//li")
    assert {item.xpath("string(a/@href)").rsplit("/", 1)[1] for item in found} == {"320000", "rain-1"}
    assert len(found) == 3
    assert any("+31" in item.text_content() for item in found), "a step up is told as one"
    assert any("log says newer" in item.text_content() for item in found), "a test newer than the texts"
    assert "31" in found[-1].text_content(), "the oldest is last"
    text = await text_of(portal, "/metrics")
    for test, count in (("step", 1), ("double", 1), ("newer", 1), ("alone", 0)):
        assert f'hladina_doubts{{test="{test}"}} {count}' in text


async def test_a_new_doubt_is_news_for_open_pages(portal: Running, pool: Pool) -> None:
    await put(pool, "320000", 215.0, 0)
    async with portal.client.get("/api/v1/map.geojson") as answer:
        before = answer.headers["ETag"]
    await doubt(portal, beside.STILL)
    async with portal.client.get("/api/v1/map.geojson", headers={"If-None-Match": before}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("language", Language)
def test_every_test_of_the_watch_has_its_sentence(texts: Texts, language: Language) -> None:
    known = {getattr(module, name) for module in (beside, rain) for name in dir(module) if name.isupper()}
    assert set(TESTS) == {test for test in known if isinstance(test, str)} == set(NUMBERS)
    reader = Reader(texts, language, NOW)
    for test in TESTS:
        for numbers in (NUMBERS[test], {}):
            evidence = json.dumps(numbers)
            words = sentence(reader, DoubtView(1, "320000", "level", test, NOW, NOW + HOUR, "log", evidence))
            assert words
            assert "{" not in words
            assert ("–" in words) == (not numbers)
            assert reader.doubt(test) != texts.say(language, "doubt.short.other")
    assert reader.doubt("newer") == texts.say(language, "doubt.short.other")


def upon(station: str, test: str = beside.ALONE) -> DoubtView:
    return DoubtView(1, station, "level", test, NOW - HOUR, NOW + HOUR, "log", json.dumps(NUMBERS[test]))


@pytest.mark.parametrize("expected", [2, None])
def test_what_was_told_to_come_stays_and_calm_is_not_promised(texts: Texts, expected: int | None) -> None:
    at = NOW - timedelta(minutes=5)
    soon = NOW + HOUR
    told = None if expected is None else Told(expected, at, at, "chain", 0.85, 240, soon, soon, soon)
    limit = LimitOutlook(2, 210.0, (0.1, 0.86), soon, soon, soon, warned=expected is not None)
    view = ForesightView("320000", "level", at, at, "3", told, Outlook((60, 240), (60,), (limit,), (), rising=True))
    row = SeriesView("320000", "level", "cm", 1, 180.0, at, "rising", 25.0, int(Flag.GOOD), "", judged=True)

    def seen(*found: DoubtView) -> Mark:
        every = marks(small_network(), [row], [], [view], doubts=found)
        return next(mark for mark in every if mark.station.id == "320000")

    trusted, doubted = seen(), seen(upon("320000"))
    assert (trusted.freshness_at(NOW), doubted.freshness_at(NOW)) == (Freshness.FRESH, Freshness.DOUBTFUL)
    assert (doubted.degree_reached, doubted.degree_expected) == (1, expected)
    assert trusted.foresees_at(NOW)
    assert doubted.foresees_at(NOW) == (expected is not None)
    assert (trusted.expected_at(NOW), doubted.expected_at(NOW)) == (expected or 0, expected)
    reader = Reader(texts, Language.CS, NOW)
    shown = ahead.ahead(reader, doubted)
    assert shown is not None
    assert (shown.note == reader.say("page.ahead.unsupported")) == (expected is None)
    same = ahead.sentence(reader, trusted) == ahead.sentence(reader, doubted)
    assert same == (expected is not None)
    assert not seen(upon("320000")).foresees_at(NOW + 2 * HOUR), "silence takes the forecast away"


@pytest.mark.parametrize("test", TESTS)
def test_a_doubt_never_makes_a_mark_better(test: str) -> None:
    worst = {Freshness.FRESH: 0, Freshness.LATE: 1, Freshness.DOUBTFUL: 2, Freshness.SILENT: 3, Freshness.NEVER: 3}
    for minutes in (None, 1, 14, 40, 4000):
        for flag in (Flag.GOOD, Flag.SUSPECT):
            at = None if minutes is None else NOW - timedelta(minutes=minutes)
            row = SeriesView("320000", "level", "cm", 3, 250.0, at, "rising", 5.0, int(flag), "x", judged=True)
            plain, doubted = (
                next(mark for mark in marks(small_network(), [row], [], doubts=found) if mark.station.id == "320000")
                for found in ([], [upon("320000", test)])
            )
            before, after = plain.freshness_at(NOW), doubted.freshness_at(NOW)
            assert worst[after] >= worst[before]
            assert after not in {Freshness.FRESH, Freshness.LATE}
            assert after is before or after is Freshness.DOUBTFUL
            assert bool(doubted.doubted_by(NOW)) == (after is not before)
            assert (doubted.degree_reached, doubted.value) == (plain.degree_reached, plain.value)


def test_the_spare_speaks_as_people_are_told_and_not_for_a_doubt() -> None:
    plain = small_network()
    spare = replace(plain.stations["320000"], id="320000-B", spare_for="320000", links=(), upstream=())
    network = replace(plain, stations={**plain.stations, spare.id: spare})
    at = NOW - timedelta(minutes=5)
    rows = [
        SeriesView(name, "level", "cm", 0, 120.0, at, "steady", 0.0, int(Flag.GOOD), "", judged=True)
        for name in ("320000", "320000-B")
    ]
    found = {mark.station.id: mark for mark in marks(network, rows, (), doubts=[upon("320000")])}
    assert (found["320000"].pair_word(NOW), found["320000-B"].pair_word(NOW)) == ("fine", "idle")
    assert found["320000"].freshness_at(NOW) is Freshness.DOUBTFUL
