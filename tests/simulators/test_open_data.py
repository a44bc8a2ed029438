"""The public services of an exercise: every gauge that names one is shown there, and understood by the collector."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.catalogue import POLLED
from floodcore.clock import Clock
from floodcore.network.load import read
from floodcore.words import Quantity
from simulators.exercise import Exercise
from simulators.open_data import SHAPES, OpenData
from simulators.sample import Feed
from simulators.scenarios import SCENARIOS
from simulators.shapes import PUBLIC

NETWORK = read(Path(__file__).parents[2] / "station_configs")
NOW = datetime(2026, 6, 14, 12, 7, tzinfo=UTC)
BY_NAME = {polled.name: polled for polled in POLLED}
LINKED = {
    kind: {link.address: s.id for s in NETWORK.stations.values() for link in s.links if link.kind == kind}
    for kind in sorted(PUBLIC)
}


@pytest.fixture(scope="module")
def feeds() -> tuple[Feed, ...]:
    exercise = Exercise(NETWORK, SCENARIOS["calm"], (NOW,), 1)
    return exercise.feeds(NOW - timedelta(hours=3), NOW + timedelta(hours=1))


def test_the_region_is_fed_by_its_neighbours() -> None:
    assert {kind: len(found) for kind, found in LINKED.items() if found} == {
        "chmu_rain": 1,
        "hpps": 1,
        "imgw": 9,
        "lhp": 11,
        "saxony": 11,
        "saxony_rss": 11,
    }


@pytest.mark.parametrize("kind", [kind for kind, found in LINKED.items() if found])
def test_every_gauge_that_names_a_service_is_shown_there_and_understood(kind: str, feeds: tuple[Feed, ...]) -> None:
    server, polled, stations = OpenData(Clock()), BY_NAME[kind], LINKED[kind]
    server.show(feeds)
    heard = set()
    for ask in polled.asks(stations, NOW):
        gauge = next(iter(ask.stations)) if SHAPES[kind].about else ""
        body = server.body(kind, gauge, NOW, f"{NOW:%Y%m%d}" if kind == "chmu_rain" else "")
        assert body is not None
        decoded = polled.decode(body, ask, NOW)
        assert decoded.faults == ()
        heard |= {reading.station_id for reading in decoded.readings if NOW - reading.observed_at < timedelta(hours=1)}
        heard |= {grade.station_id for grade in decoded.classes}
    assert heard == set(stations.values())


def test_what_has_not_been_sent_is_not_shown(feeds: tuple[Feed, ...]) -> None:
    server = OpenData(Clock())
    server.show(feeds)
    early, late = (server.body("imgw", "", NOW + timedelta(minutes=m)) for m in (0, 30))
    assert early != late
    assert server.body("imgw", "", NOW) == early
    assert server.body("saxony_rss", "nowhere", NOW) is None


def test_a_neighbour_and_its_spare_say_the_same(feeds: tuple[Feed, ...]) -> None:
    levels: dict[str, dict[str, object]] = {"saxony": {}, "saxony_rss": {}}
    for feed in feeds:
        if feed.way in levels and feed.quantity is Quantity.LEVEL:
            levels[feed.way][feed.station_id] = feed.samples
    assert levels["saxony"] == levels["saxony_rss"]
    assert len(levels["saxony"]) == 11
