"""G27: whatever state the gauges are in, no page shows an old value without saying since when it is stale."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floodcore.clock import Clock
from floodcore.freshness import GRACE
from floodcore.house import House
from floodcore.store.doubts import DoubtView
from floodcore.store.views import DegreeView, SeriesView
from floodcore.words import Flag, Freshness, Language, Quantity, Trend
from portal import geojson, pages, room, stationpage
from portal.board import Snapshot
from portal.marks import Mark, marks, needs_eyes, severity
from tests.portal.conftest import parsed, small_network

NOW = datetime(2026, 7, 14, 1, 30, tzinfo=UTC)
TRENDS = {
    Language.CS: "stoupá|klesá|setrvalý",
    Language.DE: "steigend|fallend|gleichbleibend",
    Language.PL: "rośnie|opada|stabiln",
    Language.EN: "rising|falling|steady",
}
STATIONS = ("316000", "320000", "660100", "150140010", "rain-1", "nowhere", "stranger")
# What a page must say of a value that is not fresh; the moment it dates from stands in it.
STALE = {
    Language.CS: r"(Bez nových dat od|Naposledy) \S",
    Language.DE: r"([Oo]hne neue Daten seit|Zuletzt) \S",
    Language.PL: r"(Brak nowych danych od|Ostatnio) \S",
    Language.EN: r"(Stale since|Last) \S",
}


def series(station: str) -> st.SearchStrategy[SeriesView]:
    ages = st.integers(-4 * 60, 90 * 86400) | st.integers(0, 3600)
    return st.builds(
        SeriesView,
        station_id=st.just(station),
        quantity=st.just("rain" if station == "rain-1" else "level"),
        unit=st.just("mm" if station == "rain-1" else "cm"),
        degree=st.none() | st.integers(0, 2 if station == "150140010" else 4),
        value=st.none() | st.floats(-500, 2000),
        observed_at=st.none() | ages.map(lambda age: NOW - timedelta(seconds=age)),
        trend=st.sampled_from([trend.value for trend in Trend]),
        trend_per_hour=st.none() | st.floats(-500, 500),
        flag=st.sampled_from([int(flag) for flag in Flag]),
        test=st.sampled_from(["", "spike", "stuck", "brand_new_test"]),
        judged=st.booleans(),
    )


STATES = st.tuples(*(st.none() | series(station) for station in STATIONS)).map(
    lambda rows: [row for row in rows if row is not None]
)
DECLARED = st.lists(
    st.builds(
        DegreeView, st.sampled_from(STATIONS), st.just("level"), st.sampled_from(["reached", "declared"]),
        st.integers(0, 3), st.just(NOW - timedelta(hours=2)), st.just("ORP"),
    ),
    max_size=3,
)  # fmt: skip

DOUBTS = st.lists(
    st.builds(
        DoubtView, st.just(1), st.sampled_from(STATIONS), st.sampled_from(["level", "rain"]),
        st.sampled_from(["drift", "alone", "clogged", "brand_new_test"]), st.just(NOW - timedelta(hours=2)),
        st.just(NOW + timedelta(hours=1)), st.just("<b>what the log says"), st.sampled_from(["{}", '{"cm": -12.5}']),
    ),
    max_size=4,
)  # fmt: skip

RENDERING = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def old(mark: Mark) -> bool:
    """By the goal's own words, not by the code under test: older than two intervals, or not to be trusted."""
    if mark.observed_at is None:
        return False
    return NOW - mark.observed_at > 2 * mark.station.interval + GRACE


@RENDERING
@given(rows=STATES, degrees=DECLARED, doubts=DOUBTS, language=st.sampled_from(Language))
def test_no_page_shows_an_old_value_as_if_it_were_new(
    unplugged: House, rows: list[SeriesView], degrees: list[DegreeView], doubts: list[DoubtView], language: Language
) -> None:
    frozen = Clock(NOW, datetime.now(UTC), 1e-9)
    house = replace(unplugged, settings=replace(unplugged.settings, clock=frozen))
    desk = room.desk_of(house)
    desk.board.snapshot = Snapshot(tuple(marks(house.network, rows, degrees, doubts=doubts)), (), NOW)
    desk.board._read_s = desk.board.monotonic()
    reader = desk.reader(language)
    table = parsed(pages._table_page(desk, desk.board.snapshot, language, pages.Choice()))
    chart = parsed(pages._map_page(desk, desk.board.snapshot, language))
    for mark in desk.board.snapshot.marks:
        link = f"/{language.value}/stations/{quote(mark.station.id)}"
        held = [row for row in table.xpath("//tbody/tr") if row.xpath("./th/a/@href")[0] == link]
        cards = [card for card in chart.xpath("//li/a") if card.get("href") == link]
        assert len(held) == 1
        assert len(cards) == (1 if needs_eyes(mark, NOW) else 0)
        for element in (*held, *cards):
            check(element, mark, language)
        if mark.station.id == "320000":
            page = stationpage._page(desk, reader, mark, (mark.quantity, "24h"), None)
            check(parsed(page).xpath("//section[contains(@class, 'state')]")[0], mark, language)


def check(element: Any, mark: Mark, language: Language) -> None:
    words = " ".join(" ".join(element.xpath(".//text()")).split())
    state = mark.freshness_at(NOW)
    assert not old(mark) or state is not Freshness.FRESH
    if mark.value is not None and (old(mark) or state is not Freshness.FRESH):
        assert re.search(STALE[language], words), words
    drawn = element.xpath(".//*[local-name()='svg'][contains(@class, 'mark')]/@class")
    assert drawn, "every gauge has a mark"
    assert state.value in drawn[0].split()
    if state in {Freshness.SILENT, Freshness.NEVER}:
        assert not re.search(f"[↗↘→]|{TRENDS[language]}", words), "a silent gauge knows no trend"
    assert "nan" not in words.lower().split()


@given(rows=STATES, degrees=DECLARED)
@settings(max_examples=300, deadline=None)
def test_the_browser_is_told_when_to_stop_believing(rows: list[SeriesView], degrees: list[DegreeView]) -> None:
    for mark in marks(small_network(), rows, degrees):
        said = geojson.properties(mark, NOW)
        turns = mark.until
        assert (turns is None) == (mark.observed_at is None) == (said["silent_at"] is None)
        if turns is None:
            continue
        assert mark.freshness_at(turns.silent_at + timedelta(seconds=1)) is Freshness.SILENT
        assert mark.freshness_at(max(turns.late_at, turns.silent_at) + timedelta(seconds=1)) is not Freshness.FRESH
        assert turns.late_at <= mark.observed_at + 2 * mark.station.interval + GRACE  # type: ignore[operator]


@given(rows=STATES, degrees=DECLARED)
@settings(max_examples=300, deadline=None)
def test_worst_first_and_nothing_uncertain_is_hidden(rows: list[SeriesView], degrees: list[DegreeView]) -> None:
    found = marks(small_network(), rows, degrees)
    assert {mark.station.id for mark in found} >= {row.station_id for row in rows} | set(small_network().stations)
    ranked = sorted(found, key=lambda mark: severity(mark, NOW))
    heights = [max(mark.degree_reached or 0, mark.degree_declared or 0) for mark in ranked]
    assert heights == sorted(heights, reverse=True)
    for mark in found:
        if (mark.degree_reached or 0) > 0 or mark.freshness_at(NOW) in {Freshness.SILENT, Freshness.DOUBTFUL}:
            assert needs_eyes(mark, NOW)


def test_reached_and_declared_never_fill_in_for_each_other() -> None:
    at = NOW - timedelta(minutes=5)
    row = SeriesView("320000", "level", "cm", 1, 180.0, at, "rising", 5.0, 1, "", judged=True)
    declared = DegreeView("320000", "level", "declared", 3, at, "ORP")
    mark = next(m for m in marks(small_network(), [row], [declared]) if m.station.id == "320000")
    assert (mark.degree_reached, mark.degree_declared, mark.degree_expected) == (1, 3, None)
    mark = next(m for m in marks(small_network(), [row], []) if m.station.id == "320000")
    assert (mark.degree_reached, mark.degree_declared) == (1, None)
    mark = next(m for m in marks(small_network(), [], [declared]) if m.station.id == "320000")
    assert (mark.degree_reached, mark.degree_declared) == (None, 3)
    assert mark.quantity is Quantity.LEVEL
