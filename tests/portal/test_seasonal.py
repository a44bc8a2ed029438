"""Ice and weed: told to whoever reads a level, by the thermometer where there is one, and never as a fact."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from floodcore.house import House
from floodcore.quality.season import ICE
from floodcore.store.notes import Note
from floodcore.store.views import SeriesView
from floodcore.texts import Texts
from floodcore.words import Cause, Language, Quantity
from portal import seasonal
from portal.marks import Mark, Water, marks
from portal.reading import Reader
from tests.portal.conftest import Running, parsed, small_network

WINTER, SPRING, SUMMER = (datetime(2026, month, 5, 6, tzinfo=UTC) for month in (1, 4, 7))
NOTE = Note(1, "320000", ICE, WINTER, None, "hlídka", {"cs": "zácpa"}, None, WINTER)


def mark_at(now: datetime, celsius: float | None = None, *, age: timedelta = timedelta(minutes=5)) -> Mark:
    row = SeriesView("320000", "level", "cm", 0, 100.0, now - timedelta(minutes=5), "steady", 0.0, 1, "", judged=True)
    found = next(mark for mark in marks(small_network(), [row], []) if mark.station.id == "320000")
    return replace(found, water=None if celsius is None else Water(celsius, now - age))


@pytest.mark.parametrize(
    ("now", "celsius", "hours", "words"),
    [
        (WINTER, None, 0, "In frost, ice may"),
        (WINTER, 0.1, 0, "The water has 0.1 °C"),
        (WINTER, -0.04, 0, "The water has 0.0 °C"),
        (WINTER, 4.0, 0, ""),
        (WINTER, 4.0, 7, "In frost, ice may"),
        (SPRING, 0.2, 0, "The water has 0.2 °C"),
        (SPRING, None, 0, ""),
        (SUMMER, None, 0, "In summer, weed"),
        (SUMMER, 0.0, 0, "In summer, weed"),
        (SUMMER, 19.0, 0, "In summer, weed"),
    ],
)
def test_the_advice_follows_thermometer_and_month(
    texts: Texts, now: datetime, celsius: float | None, hours: int, words: str
) -> None:
    found = seasonal.advice(
        Reader(texts, Language.EN, now), mark_at(now, celsius, age=timedelta(hours=hours, minutes=1))
    )
    assert found.startswith(words)
    assert bool(found) == bool(words)


def test_who_reads_no_level_or_knows_better_gets_no_advice(texts: Texts) -> None:
    reader = Reader(texts, Language.CS, WINTER)
    assert seasonal.advice(reader, mark_at(WINTER))
    assert not seasonal.advice(reader, replace(mark_at(WINTER), quantity=Quantity.RAIN))
    assert not seasonal.advice(reader, replace(mark_at(WINTER), observed_at=WINTER - timedelta(days=1)))
    assert not seasonal.advice(reader, replace(mark_at(WINTER), notes=(NOTE,)))
    assert seasonal.advice(reader, replace(mark_at(WINTER), notes=(replace(NOTE, cause=Cause.WORKS.value),)))


def test_the_water_is_the_stations_own_and_believed() -> None:
    at = WINTER - timedelta(minutes=5)
    level = SeriesView("320000", "level", "cm", 0, 100.0, at, "steady", 0.0, 1, "", judged=True)
    water = SeriesView("320000", "water_temperature", "degC", None, 0.2, at, "unknown", None, 2, "", judged=True)
    for row, expected in ((water, Water(0.2, at)), (replace(water, flag=4), None), (replace(water, value=None), None)):
        found = {mark.station.id: mark for mark in marks(small_network(), [level, row], [])}
        assert found["320000"].water == expected
        assert found["316000"].water is None


async def test_the_page_shows_it_beside_the_state(house: House, portal: Running) -> None:
    async with portal.client.get("/de/stations/320000", headers={"Accept-Encoding": "identity"}) as answer:
        page = parsed(await answer.text(), strict=True)
    assert page.xpath("//p[@class='season']") == [], "never heard"
