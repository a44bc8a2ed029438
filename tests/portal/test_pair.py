"""A site with two gauges: the page and the data say which one counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from floodcore.house import House
from floodcore.network.model import Network
from floodcore.store.notes import Note
from floodcore.store.views import SeriesView
from floodcore.words import Flag, Freshness, Language
from portal.geojson import properties
from portal.marks import Mark, marks
from portal.room import desk_of
from tests.portal.conftest import Serve, small_network

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def with_spare() -> Network:
    plain = small_network()
    main = plain.stations["320000"]
    spare = replace(main, id="320000-B", spare_for="320000", links=(), upstream=())
    return replace(plain, stations={**plain.stations, spare.id: spare})


def row(station: str, age: timedelta, flag: Flag = Flag.GOOD) -> SeriesView:
    at = NOW - age
    return SeriesView(station, "level", "cm", 0, 120.0, at, "steady", 0.0, int(flag), "", True, at, at)


FRESH, LATE, SILENT = timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=3)


def both(main: SeriesView | None, spare: SeriesView | None) -> tuple[Mark, Mark]:
    rows = [found for found in (main, spare) if found is not None]
    found = {mark.station.id: mark for mark in marks(with_spare(), rows, ())}
    return found["320000"], found["320000-B"]


@pytest.mark.parametrize(
    ("main", "spare", "words"),
    [
        (row("320000", FRESH), row("320000-B", FRESH), ("fine", "idle")),
        (row("320000", LATE), row("320000-B", FRESH), ("fine", "idle")),
        (row("320000", SILENT), row("320000-B", FRESH), ("lost", "instead")),
        (row("320000", FRESH, Flag.SUSPECT), row("320000-B", LATE), ("lost", "instead")),
        (None, row("320000-B", FRESH), ("lost", "instead")),
        (row("320000", SILENT), row("320000-B", SILENT), ("fine", "idle")),
        (row("320000", SILENT), None, ("fine", "idle")),
    ],
)
def test_one_of_the_two_counts(main: SeriesView | None, spare: SeriesView | None, words: tuple[str, str]) -> None:
    first, second = both(main, spare)
    assert (first.pair_word(NOW), second.pair_word(NOW)) == words
    assert first.counts_at(NOW) != second.counts_at(NOW)
    assert properties(second, NOW)["counts"] == (words[1] == "instead")
    assert properties(second, NOW)["spare_for"] == "320000"


def test_a_gauge_reported_destroyed_does_not_count_though_it_talks() -> None:
    wreck = Note(1, "320000", "destroyed", NOW, None, "x", {"cs": "x"}, None, NOW)
    rows = [row("320000", FRESH), row("320000-B", FRESH)]
    found = {mark.station.id: mark.pair_word(NOW) for mark in marks(with_spare(), rows, (), notes=[wreck])}
    assert (found["320000"], found["320000-B"]) == ("lost", "instead")


def test_a_gauge_alone_always_counts() -> None:
    for mark in marks(small_network(), [row("316000", SILENT)], ()):
        assert mark.counts_at(NOW)
        assert mark.pair_word(NOW) == ""
        assert properties(mark, NOW)["pair"] is None


@pytest.mark.parametrize("language", Language)
async def test_the_pages_of_both_name_the_other(house: House, serve: Serve, language: Language) -> None:
    portal = await serve(replace(house, network=with_spare()))
    for station, other, word in (("320000", "320000-B", "fine"), ("320000-B", "320000", "idle")):
        async with portal.client.get(
            f"/{language}/stations/{station}", headers={"Accept-Encoding": "identity"}
        ) as answer:
            text = await answer.text()
        assert house.texts.say(language, f"page.pair.{word}") in text
        assert f'href="/{language}/stations/{other}"' in text
    assert desk_of(portal.house).board.snapshot.mark("320000") is not None
    assert Freshness.NEVER in {mark.freshness_at(NOW) for mark in both(None, None)}
