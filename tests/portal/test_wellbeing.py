"""How gauges and ways fare: the page, the log of a gauge, the banner of an incident, metrics and health."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from floodcore.house import Pool
from floodcore.quality.door import at_the_door
from floodcore.store import incidents, sources, wellbeing
from floodcore.store.incidents import NewIncident
from floodcore.store.ingest import store
from floodcore.store.wellbeing import Sign
from floodcore.texts import Texts
from floodcore.words import Language, Quantity, Reading
from portal.reading import Reader
from portal.wellbeing import battery, share, signal, span, station_line
from tests.portal.conftest import Running, parsed, small_network

if TYPE_CHECKING:
    from floodcore.store.incidents import Incident

NOW = datetime.now(UTC).replace(microsecond=0)


def plain(text: str) -> str:
    """Without the spaces that keep figure and unit together."""
    return text.strip().replace("\N{NO-BREAK SPACE}", " ")


async def troubled(pool: Pool) -> None:
    """A gauge with readings, a doubtful device, and an incident of a way."""
    async with pool.connection() as conn:
        for number in range(12):
            at = NOW - timedelta(minutes=10 * (12 - number))
            bad = -9999.0 if number in {3, 4} else 100.0 + number
            reading = Reading("316000", Quantity.LEVEL, at, bad, bad, "cm")
            await store(conn, at_the_door([reading], at + timedelta(minutes=3)), "chmu", at + timedelta(minutes=3))
        await wellbeing.note_signs(conn, "tts", [Sign("316000", "d1", NOW, -124.0, -17.0, 3.1)], NOW)
        await wellbeing.measure(conn, NOW)
        members = ("316000", "320000", "660100")
        await incidents.begin(conn, NewIncident("transport", "chmu", NOW, 3, 4, 2, None, members))
        await incidents.begin(conn, NewIncident("clock", "slow", NOW, 3, 4, 0, 62.0, ()))


@pytest.mark.parametrize("language", Language)
async def test_every_page_says_that_something_failed_for_many(portal: Running, pool: Pool, language: Language) -> None:
    await troubled(pool)
    for path in ("", "table", "events", "status", "health", "stations/316000"):
        async with portal.client.get(f"/{language.value}/{path}", headers={"Accept-Encoding": "identity"}) as answer:
            assert answer.status == 200
            page = parsed(await answer.text())
        (told,) = page.xpath("//*[@id='incidents'][@role='status']")
        sentences = [item.text_content() for item in told.xpath(".//li")]
        assert len(sentences) == 2
        assert any("chmu" in sentence and "3" in sentence for sentence in sentences)
        assert any("62" in sentence for sentence in sentences)


async def test_the_page_names_what_is_wrong_in_words_worst_first(portal: Running, pool: Pool) -> None:
    await troubled(pool)
    async with portal.client.get("/en/health", headers={"Accept-Encoding": "identity"}) as answer:
        page = parsed(await answer.text())
    rows = [
        [plain(cell.text_content()) for cell in row.xpath("./*")] for row in page.xpath("//table[last()]//tbody/tr")
    ]
    stations = {row[0]: row[1:] for row in rows if len(row) == 9}
    wrong, last, imported, delay, readings, good, power, radio = stations["Liberec"]
    assert wrong == "many doubtful readings, battery low, signal weak"
    assert "ago" in last
    assert "ago" in imported
    assert (delay, readings, good, power) == ("3 min", "12", "83.3 %", "3.10 V")
    assert radio == "−124 dBm / −17 dB"
    assert stations["Bedřichov"][0] == "no data yet"
    assert all(not row[1].startswith("–") for row in rows[:2] if len(row) == 9), "what is wrong stands first"


async def test_a_gauge_s_page_tells_its_story(portal: Running, pool: Pool) -> None:
    await troubled(pool)
    async with portal.client.get("/cs/stations/316000", headers={"Accept-Encoding": "identity"}) as answer:
        page = parsed(await answer.text())
    lines = [item.text_content() for item in page.xpath("//*[@id='log']//ol[@class='log']/li")]
    assert any("Umlkla při společném výpadku: cesta chmu" in line for line in lines)
    assert any("Připojena: první údaj" in line for line in lines)
    assert all(line.strip() for line in lines)


async def test_health_and_metrics_carry_it(portal: Running, pool: Pool) -> None:
    await troubled(pool)
    async with portal.client.get("/health") as answer:
        body = await answer.json()
    assert [(each["scope"], each["name"], each["silent"]) for each in body["incidents"]] == [
        ("transport", "chmu", 3),
        ("clock", "slow", 3),
    ]
    async with portal.client.get("/metrics") as answer:
        text = await answer.text()
    assert 'hladina_incidents{scope="clock"} 1' in text
    assert 'hladina_source_delay_seconds{source="chmu"} 180' in text
    assert 'hladina_gaps{state="open"} 0' in text


async def test_an_incident_that_is_over_stays_on_the_page_and_leaves_the_banner(portal: Running, pool: Pool) -> None:
    await troubled(pool)
    async with pool.connection() as conn:
        for each in await incidents.open_ones(conn):
            found: Incident = each
            await incidents.end(conn, found.incident_id, NOW)
            await incidents.record(conn, found, "ended", NOW, exercise=False)
    async with portal.client.get("/de/health", headers={"Accept-Encoding": "identity"}) as answer:
        page = parsed(await answer.text())
    assert page.xpath("//*[@id='incidents']//li") == []
    assert any("Ende" in item.text_content() for item in page.xpath("//main//ul/li"))
    async with portal.client.get("/de/events", headers={"Accept-Encoding": "identity"}) as answer:
        assert "Ende des Ausfalls: Übertragungsweg chmu" in await answer.text()


def test_figures_are_never_better_than_they_are() -> None:
    assert plain(share(9999, 10_000, Language.EN)) == "99.9 %"
    assert plain(share(99_999, 100_000, Language.CS)) == "99,9 %"
    assert plain(share(10, 10, Language.CS)) == "100 %"
    assert plain(share(0, 10, Language.EN)) == "0 %"
    assert share(0, 0, Language.EN) == share(None, None, Language.EN) == "–"
    assert [plain(span(each)) for each in (None, 3.4, 240)] == ["–", "3 s", "4 min"]


def test_what_a_device_said_long_ago_says_when(texts: Texts) -> None:
    czech = Reader(texts, Language.CS, NOW)
    assert battery([], czech) == ("–", False)
    words, low = battery([Sign("a", "d", NOW, battery_v=12.6)], czech)
    assert (plain(words), low) == ("12,60 V", False)
    words, low = battery([Sign("a", "d", NOW, battery_percent=10.0)], czech)
    assert (plain(words), low) == ("10 %", True)
    words, weak = signal([Sign("a", "d", NOW, rssi_dbm=-90.0)], czech)
    assert (plain(words), weak) == ("−90 dBm", False)
    old = Sign("a", "d", NOW - timedelta(days=40), rssi_dbm=-90.0, battery_v=3.6)
    assert plain(battery([old], czech)[0]) == "3,60 V (před 40 d 0 h)"
    assert plain(signal([old], czech)[0]) == "−90 dBm (před 40 d 0 h)"


def test_a_station_that_never_spoke_says_so(texts: Texts) -> None:
    line = station_line(Reader(texts, Language.EN, NOW), small_network(), "320000", [], [])
    assert (line.bad, line.last, line.readings) == (("no data yet",), "–", "–")
    assert replace(line, name="x").age_s == float("inf")


async def test_a_way_that_fails_or_fell_silent_long_ago_is_still_told(portal: Running, pool: Pool) -> None:
    await troubled(pool)
    async with pool.connection() as conn:
        await sources.note_success(conn, "imgw", NOW - timedelta(days=9))
        await sources.note_failure(conn, "saxony", NOW, "<b>503</b>")
    await portal.client.get("/health")
    async with portal.client.get("/en/health", headers={"Accept-Encoding": "identity"}) as answer:
        page = parsed(await answer.text(), strict=True)
    rows = {row.xpath("string(th)"): [plain(each.text_content()) for each in row.xpath("td")] for row in page.xpath(
        "(//main//table)[1]/tbody/tr")}  # fmt: skip
    assert list(rows) == ["saxony", "chmu", "imgw"], "what fails stands first"
    assert rows["saxony"] == ["<b>503</b>", "–", "–", "–", "–", "–", "–"]
    assert rows["imgw"][1] == "9 d 0 h ago"
    assert rows["chmu"][0] == "–"
    assert rows["chmu"][4:] == ["12", "83.3 %", "1"]
