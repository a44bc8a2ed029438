"""Scenarios on the real network: what each must show."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from floodcore.network.load import read
from floodcore.network.model import Network
from floodcore.words import Quantity
from simulators.exercise import Exercise
from simulators.sample import Feed
from simulators.scenarios import SCENARIOS

START = datetime(2030, 7, 1, 12, tzinfo=UTC)
HOURS = timedelta(hours=1)


ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def region() -> Network:
    return read(ROOT / "station_configs")


def changes(network: Network, feed: Feed) -> list[tuple[datetime, int, int]]:
    """(when, from, to) whenever the bare samples stand at another degree."""
    limits = network.stations[feed.station_id].limits_of(Quantity.LEVEL)
    if feed.quantity is not Quantity.LEVEL or limits is None:
        return []
    found, before = [], 0
    for sample in feed.samples:
        if sample.value is None:
            continue
        degree = max((int(d) for d, limit in limits.values.items() if sample.value >= limit), default=0)
        if degree != before:
            found.append((sample.at, before, degree))
        before = degree
    return found


@cache
def played(name: str, seed: int = 1) -> tuple[Feed, ...]:
    network = read(ROOT / "station_configs")
    return Exercise(network, SCENARIOS[name], (START,), seed).feeds(START - 24 * HOURS, START + 12 * HOURS)


def test_calm_reaches_nothing(region: Network) -> None:
    assert [change for feed in played("calm") for change in changes(region, feed)] == []


@pytest.mark.parametrize("seed", [1, 7])
def test_flash_reaches_degrees_within_ninety_minutes(region: Network, seed: int) -> None:
    feeds = played("flash", seed)
    every = [change for feed in feeds for change in changes(region, feed)]
    soon = [to for at, before, to in every if to > before and at <= START + timedelta(minutes=90)]
    assert min(at for at, _, _ in every) > START
    assert {1, 2, 3} <= set(soon)
    assert sum(bool(changes(region, feed)) for feed in feeds) >= 8
    assert any(to - before >= 2 for _, before, to in every)
    rain = [feed for feed in feeds if feed.quantity is Quantity.RAIN]
    assert any(max(sample.value or 0.0 for sample in feed.samples) > 2.0 for feed in rain)


def test_flash_loses_one_gauge_on_the_rise(region: Network) -> None:
    feeds = [feed for feed in played("flash") if feed.quantity is Quantity.LEVEL]
    lost = [feed for feed in feeds if feed.samples[-1].at < START + 6 * HOURS]
    assert len(lost) == 1
    last = [sample.value or 0.0 for sample in lost[0].samples[-3:]]
    assert last == sorted(last)
    assert last[2] > last[0]
    assert [to for _, _, to in changes(region, lost[0])] == [1]


def test_long_is_slower_than_flash_and_reaches_the_lower_rivers(region: Network) -> None:
    def first(name: str) -> datetime:
        return min(at for feed in played(name) for at, _, _ in changes(region, feed))

    assert first("long") > first("flash") + HOURS
    reached = {feed.station_id for feed in played("long") if changes(region, feed)}
    assert len(reached) > 20


def test_broken_shows_each_fault(region: Network) -> None:
    good = {(feed.station_id, feed.quantity): feed for feed in played("flash")}
    wrong = [f for f in played("broken") if f.samples != good[f.station_id, f.quantity].samples]
    assert len({feed.station_id for feed in wrong}) == len(SCENARIOS["broken"].troubles) - 1  # one is in flash too


@pytest.mark.parametrize("name", sorted(SCENARIOS), ids="scenario-{}".format)
def test_played_again_it_is_the_same(region: Network, name: str) -> None:
    again = Exercise(region, SCENARIOS[name], (START,), 1).feeds(START - 24 * HOURS, START + 12 * HOURS)
    assert again == played(name)


def test_a_later_start_sees_the_same_past(region: Network) -> None:
    exercise = Exercise(region, SCENARIOS["broken"], (START,), 1)
    early = {(f.station_id, f.quantity): f.samples for f in exercise.feeds(START - 3 * HOURS, START + 6 * HOURS)}
    later = exercise.feeds(START - HOURS, START + 6 * HOURS)
    good = [f for f in later if f.samples and f.samples[0].at >= START - HOURS]
    assert len(good) > 100
    for feed in good:
        assert set(feed.samples) <= set(early[feed.station_id, feed.quantity])


def test_a_second_storm_comes_on_top(region: Network) -> None:
    twice = Exercise(region, SCENARIOS["flash"], (START, START + 24 * HOURS), 1)
    feeds = twice.feeds(START - HOURS, START + 36 * HOURS)
    mnisek = next(feed for feed in feeds if feed.station_id == "LK-DEMO-03")
    raised = [at for at, before, to in changes(region, mnisek) if (before, to) == (0, 1)]
    assert raised[1] - raised[0] == 24 * HOURS
