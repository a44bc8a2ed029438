"""What is expected is told apart from what is reached, with its age; an old forecast is neither current nor calm."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from floodcore.house import House
from floodcore.store.foresight import ForesightView, LimitOutlook, Outlook, Told
from floodcore.store.views import SampleView, SeriesView
from floodcore.texts import Texts
from floodcore.words import Flag, Freshness, Language
from portal import ahead, geojson, room, shapes, stationpage
from portal.board import Snapshot
from portal.marks import Mark, marks, needs_eyes
from portal.reading import Reader
from tests.portal.conftest import parsed, small_network, svg_parsed

NOW = datetime(2026, 7, 14, 1, 30, tzinfo=UTC)
TEN = timedelta(minutes=10)


def told(degree: int, at: datetime) -> Told:
    soon = at + timedelta(minutes=70)
    return Told(degree, at, at, "chain", 0.85, 240, soon, soon - TEN * 3, soon + TEN * 6)


def outlook(at: datetime, *, warned: bool = True, level: bool = True) -> Outlook:
    soon = at + timedelta(minutes=80)
    chances = (0.1, 0.4, 0.7, 0.86, 0.9) if warned else (0.01, 0.02, 0.05, 0.07, 0.12)
    limit = LimitOutlook(2, 210.0, chances, soon, soon - TEN, soon + TEN, warned)
    higher = LimitOutlook(3, 240.0, (0.0, 0.01, 0.1, 0.2, 0.3), soon, soon, soon, warned=False)
    band = ((190.0, 185.0, 196.0), (200.0, 190.0, 212.0), (215.0, 195.0, 235.0), (220.0, 190.0, 250.0))
    return Outlook((30, 60, 120, 180, 240), (30, 60, 120, 180), (limit, higher), band if level else (), rising=True)


def seen(
    *,
    age: timedelta = TEN / 2,
    issued: timedelta | None = None,
    degree: int = 1,
    expected: int | None = 2,
    flag: Flag = Flag.GOOD,
    warned: bool = True,
) -> Mark:
    at = NOW - age
    made = NOW - (age if issued is None else issued)
    row = SeriesView("320000", "level", "cm", degree, 180.0, at, "rising", 25.0, int(flag), "", judged=True)
    memory = None if expected is None else told(expected, made)
    view = ForesightView("320000", "level", made, made, "3", memory, outlook(made, warned=warned))
    return next(mark for mark in marks(small_network(), [row], [], [view]) if mark.station.id == "320000")


def reader(texts: Texts, language: Language = Language.CS) -> Reader:
    return Reader(texts, language, NOW)


def test_expected_is_said_with_when_how_sure_and_how_old(texts: Texts) -> None:
    mark = seen()
    assert (mark.degree_reached, mark.degree_expected) == (1, 2)
    assert ahead.sentence(reader(texts), mark) == (
        "2. SPA – pohotovost asi v 04:45 (mezi 04:35 a 04:55); téměř jistě, do 4\N{NO-BREAK SPACE}h "
        "90\N{NO-BREAK SPACE}%. Předpověď z 03:25."
    )
    assert ahead.short(reader(texts, Language.DE), mark) == "SPA 2 gegen 04:45"
    said = geojson.properties(mark, NOW)
    assert (said["degree_reached"], said["degree_expected"], said["forecast_current"]) == (1, 2, True)
    assert (said["expected_probability"], said["expected_sure"]) == (0.9, "certain")
    assert said["forecast_until"] == said["silent_at"]
    assert needs_eyes(mark, NOW)


@pytest.mark.parametrize("language", list(Language))
def test_expected_and_declared_are_told_to_those_who_hear_the_page(texts: Texts, language: Language) -> None:
    who, plain = reader(texts, language), seen(expected=None)
    mark = replace(seen(), degree_declared=3)
    assert (who.standing(plain), who.standing(mark)) == ("1", "1 declared 3 expected 2")
    told = who.label(mark, ahead.spoken(who, mark))
    assert f"{who.say('page.declared')}: {who.say('degree.3')}" in told
    assert f"{who.say('page.expected')}: {who.say('degree.2')}" in told
    assert who.say("page.expected") not in who.label(plain, ahead.spoken(who, plain))


def test_reached_takes_the_place_of_expected() -> None:
    mark = seen(degree=2)
    assert (mark.degree_reached, mark.degree_expected, mark.told) == (2, None, None)
    assert mark.expected_at(NOW) == 0


def test_what_the_newest_forecast_no_longer_expects_is_said_and_not_yet_withdrawn(texts: Texts) -> None:
    mark = seen(warned=False)
    assert "noch nicht zurückgenommen" in ahead.sentence(reader(texts, Language.DE), mark)
    assert geojson.properties(mark, NOW)["expected_fading"] is True
    assert geojson.properties(mark, NOW)["degree_expected"] == 2


@pytest.mark.parametrize(("chance", "fades"), [(0.19, True), (0.2, False)])
def test_what_is_only_held_until_the_water_turns_is_not_said_as_if_it_were_coming(
    texts: Texts, chance: float, *, fades: bool
) -> None:
    mark = seen()
    assert mark.foresight is not None
    assert mark.foresight.outlook is not None
    first, *higher = mark.foresight.outlook.limits
    held = structs.replace(first, probability=(*first.probability[:-1], chance), warned=True)
    newest = structs.replace(mark.foresight.outlook, limits=(held, *higher))
    mark = replace(mark, foresight=replace(mark.foresight, outlook=newest))
    who = reader(texts, Language.DE)
    assert geojson.properties(mark, NOW)["expected_fading"] is fades
    assert (ahead.short(who, mark) == "SPA 2 – weniger wahrscheinlich") is fades
    assert ("noch nicht zurückgenommen" in ahead.sentence(who, mark)) is fades


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    "mark",
    [seen(age=TEN * 5), seen(flag=Flag.SUSPECT), seen(issued=TEN * 4), seen(age=TEN * 600)],
    ids=["silent", "doubtful", "forecast old", "days"],
)
def test_a_forecast_that_nothing_bears_out_is_neither_current_nor_calm(
    texts: Texts, language: Language, mark: Mark
) -> None:
    who = reader(texts, language)
    assert ahead.sentence(who, mark).endswith(who.say("page.ahead.unsupported"))
    shown = ahead.ahead(who, mark)
    assert shown is not None
    assert not any((shown.reaches, shown.limits, shown.level))
    assert ahead.band(mark, NOW) == []
    assert geojson.properties(mark, NOW)["forecast_current"] is False
    assert geojson.properties(mark, NOW)["degree_expected"] == 2, "the expectation stays"


def test_no_forecast_is_null_and_a_forecast_of_nothing_is_zero(texts: Texts) -> None:
    calm = seen(expected=None, warned=False)
    assert geojson.properties(calm, NOW)["degree_expected"] == 0
    assert ahead.sentence(reader(texts), calm) == "do 4 hodin žádný další limit"
    for mark in (seen(expected=None, age=TEN * 5), seen(expected=None, flag=Flag.FAIL)):
        assert geojson.properties(mark, NOW)["degree_expected"] is None
        assert ahead.sentence(reader(texts), mark) == reader(texts).say("page.expected.none")
    bare = next(mark for mark in marks(small_network(), [], []) if mark.station.id == "320000")
    assert bare.expected_at(NOW) is None
    assert ahead.ahead(reader(texts), bare) is None


def test_above_all_known_limits_nothing_is_said_to_be_calm_ahead(texts: Texts) -> None:
    """At the highest limit and rising, no limit is left to expect: that is no "nothing within four hours"."""
    calm = seen(expected=None, warned=False, degree=3)
    assert calm.foresight is not None
    assert calm.foresight.outlook is not None
    above = replace(calm, foresight=replace(calm.foresight, outlook=structs.replace(calm.foresight.outlook, limits=())))
    who = reader(texts)
    assert ahead.sentence(who, above) == who.say("page.ahead.above")
    assert ahead.short(who, above) == who.say("page.ahead.above.short")
    assert ahead.short(who, calm) == who.say("page.ahead.calm.short")


@given(
    age=st.integers(-5, 400),
    issued=st.integers(-5, 400),
    flag=st.sampled_from(Flag),
    expected=st.none() | st.integers(1, 4),
    degree=st.integers(0, 4),
    warned=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_only_a_fresh_gauge_with_a_fresh_forecast_is_ever_called_calm(
    texts: Texts, age: int, issued: int, flag: Flag, expected: int | None, degree: int, warned: bool
) -> None:
    mark = seen(
        age=timedelta(minutes=age),
        issued=timedelta(minutes=issued),
        flag=flag,
        expected=expected,
        degree=degree,
        warned=warned,
    )
    who, state = reader(texts, Language.EN), mark.freshness_at(NOW)
    if geojson.properties(mark, NOW)["degree_expected"] == 0:
        assert state in {Freshness.FRESH, Freshness.LATE}
        assert issued <= 21
    words = ahead.sentence(who, mark)
    if state in {Freshness.SILENT, Freshness.DOUBTFUL} or issued > 21:
        assert "no further limit" not in words
        assert mark.degree_expected is None or "not calm" in words
    until = mark.foresees_until
    assert until is None or not mark.foresees_at(until + timedelta(seconds=1))


def test_expected_is_hollow_beside_what_is_filled() -> None:
    both = svg_parsed(shapes.svg(1, Freshness.FRESH, "spa", 2).replace("<svg", '<svg xmlns="x"', 1))
    assert [node.get("class") for node in both.iter() if node.get("class") in {"body", "aheadbody"}] == [
        "body",
        "aheadbody",
    ]
    assert "".join(both.itertext()) == "12"
    assert "?" in shapes.svg(1, Freshness.SILENT, "spa", 2, current=False)
    assert "ahead" not in shapes.svg(1, Freshness.FRESH)
    assert "ahead" not in shapes.svg(1, Freshness.FRESH, "spa", 0)


@pytest.mark.parametrize("language", Language)
async def test_the_page_shows_chances_the_band_and_that_a_machine_says_so(unplugged: House, language: Language) -> None:
    desk = room.desk_of(unplugged)
    mark = seen()
    desk.board.snapshot = Snapshot((mark,), (), NOW)
    who = Reader(unplugged.texts, language, NOW)
    samples = [SampleView(NOW - TEN * n - TEN / 2, 180.0 - n, 1, "", late=False) for n in range(20, -1, -1)]
    page = parsed(stationpage._page(desk, who, mark, (mark.quantity, "24h"), samples, story=None))
    table = page.xpath("//table[contains(@class, 'chances')]")[0]
    assert len(table.xpath(".//tbody/tr")) == 6
    assert "86" in table.text_content()
    assert "220 (190–250)" in table.text_content()
    assert who.say("page.sure.certain") in table.text_content()
    text = " ".join(page.xpath("//section[contains(@class, 'forecast')]")[0].text_content().split())
    assert who.moment(NOW - TEN / 2) in text
    assert "ČHMÚ" in text
    for picture in page.xpath("//*[local-name()='svg'][contains(@class, 'hydrograph')]"):
        kinds = [node.get("class") for node in picture.iter() if node.get("class")]
        assert {"band", "median", "now", "future"} <= set(kinds)
    assert len(page.xpath("//*[contains(@class, 'mark')]//*[contains(@class, 'ahead')]")) >= 1
