"""Who answers for a rise that is not proved, and when officers are reminded: each number from both sides (ADR 0020)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerting.answering import answers, asked, looked_at, reminder
from alerting.engine.lifecycle import Reason
from alerting.engine.proof import Doubt, Proof
from floodcore.network.model import Names, Network, Station
from floodcore.store.doubts import Word
from floodcore.store.notes import Note
from floodcore.words import Cause, Degree, Quantity

LEAPT = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KM = 1.0 / 110.57  # degrees of latitude
OWN = Station("own", Names("own"), "beck", "CZ", "t", (Quantity.LEVEL,), 10 * MINUTE, lat=50.8, lon=15.0)
BESIDE = replace(OWN, id="beside", lat=51.8)
RAIN = replace(OWN, id="rain", river=None, lat=50.8 + 19.9 * KM)
NETWORK = Network(stations={one.id: one for one in (OWN, BESIDE, RAIN)})


def leap(by: float) -> Proof:
    return Proof(Degree(0), Doubt.LEAP, LEAPT, 50.0, 50.0 + by, Degree(2))


def levels(*values: float, start: timedelta = -20 * MINUTE, station: str = "beside") -> list[Word]:
    """Values ten minutes apart, the first `start` after the leap."""
    return [Word(1, station, "level", LEAPT + start + n * 10 * MINUTE, v) for n, v in enumerate(values)]


def fell(mm: float, at: timedelta, station: str = "rain") -> list[Word]:
    return [Word(2, station, "rain", LEAPT + at, mm)]


def said(words: Sequence[Word], by: float = 100.0, network: Network = NETWORK, unproved: tuple[str, ...] = ()) -> str:
    found = answers(network, "own", leap(by), (), words, unproved)
    return "" if found is None else f"{found[0]} {found[1]}"


@pytest.mark.parametrize(
    ("by", "least"),
    [(100.0, 20.0), (30.0, 10.0), (50.0, 10.0), (250.0, 50.0), (300.0, 60.0), (700.0, 60.0)],
)
def test_a_gauge_of_the_river_answers_from_a_fifth_of_the_leap_ten_to_sixty_centimetres(
    by: float, least: float
) -> None:
    assert said(levels(40.0, *[40.0 + least] * 3), by) == "neighbour beside"
    assert said(levels(40.0, *[39.9 + least] * 3), by) == ""


def test_the_last_three_values_stand_above_the_lowest_before() -> None:
    assert said(levels(50.0, 40.0, 60.0, 70.0, 65.0)) == "neighbour beside"
    assert said(levels(50.0, 50.0, 50.0, 40.0, 60.0, 60.0, 60.0)) == "neighbour beside", "of all before"
    assert said(levels(40.0, 80.0, 80.0)) == "", "three values say nothing of before"
    assert said(levels(40.0, 80.0, 41.0, 80.0)) == "", "a value between is no rise"
    assert said(levels(40.0, 40.0, 80.0, 80.0)) == ""


def test_within_two_hours_of_the_leap() -> None:
    early = levels(40.0, start=-119 * MINUTE) + levels(60.0, 60.0, 60.0)
    assert said(early) == "neighbour beside"
    assert said(levels(40.0, start=-120 * MINUTE) + levels(60.0, 60.0, 60.0)) == ""
    late = levels(40.0) + levels(60.0, 60.0, 60.0, start=100 * MINUTE)
    assert said(late) == "neighbour beside"
    assert said(levels(40.0) + levels(60.0, 60.0, 60.0, start=101 * MINUTE)) == ""


def test_only_who_is_of_the_river_or_linked_and_not_unproved() -> None:
    words = levels(40.0, 60.0, 60.0, 60.0)
    assert said(words, unproved=("beside",)) == ""
    elsewhere = replace(BESIDE, river="other")
    for own, other in (
        (OWN, elsewhere),
        (replace(OWN, river=None), replace(BESIDE, river=None)),
    ):
        assert said(words, network=Network(stations={"own": own, "beside": other})) == ""
    for own, other in (
        (replace(OWN, upstream=("beside",)), elsewhere),
        (OWN, replace(elsewhere, upstream=("own",))),
    ):
        assert said(words, network=Network(stations={"own": own, "beside": other})) == "neighbour beside"
    assert said(levels(40.0, 60.0, 60.0, 60.0, station="own")) == "", "nobody answers for himself"
    assert answers(NETWORK, "unknown", leap(100.0), (), words, ()) is None


def test_rain_answers_from_fifteen_millimetres_in_one_gauge() -> None:
    assert said(fell(15.0, -10 * MINUTE)) == "rain rain"
    assert said(fell(14.9, -10 * MINUTE)) == ""
    assert said([*fell(7.5, -10 * MINUTE), *fell(7.5, 10 * MINUTE)]) == "rain rain"
    two = Network(stations={**NETWORK.stations, "wet": replace(RAIN, id="wet")})
    assert said([*fell(7.5, -10 * MINUTE), *fell(7.5, -10 * MINUTE, "wet")], network=two) == "", "one gauge, not two"


def test_rain_of_three_hours_before_and_one_after() -> None:
    assert said(fell(20.0, -179 * MINUTE)) == "rain rain"
    assert said(fell(20.0, -180 * MINUTE)) == ""
    assert said(fell(20.0, 60 * MINUTE)) == "rain rain"
    assert said(fell(20.0, 61 * MINUTE)) == ""


def test_rain_within_twenty_kilometres() -> None:
    far = Network(stations={**NETWORK.stations, "rain": replace(RAIN, lat=50.8 + 20.1 * KM)})
    assert said(fell(20.0, -10 * MINUTE), network=far) == ""
    assert asked(NETWORK, {"own"}) == {"own": frozenset({"own", "beside", "rain"})}
    assert asked(far, {"own"}) == {"own": frozenset({"own", "beside"})}
    assert said(fell(20.0, -10 * MINUTE, "unknown")) == ""


def note(cause: Cause, after: timedelta) -> Note:
    return Note(1, "own", cause, LEAPT, None, "M. Vzorová", {}, None, LEAPT + after)


def test_people_answer_with_a_cause_that_is_water_written_after_the_leap() -> None:
    def by(cause: Cause, after: timedelta = timedelta(0)) -> tuple[Reason, str] | None:
        return answers(Network(), "own", leap(100.0), [note(cause, after)], (), ())

    water = {cause for cause in Cause if by(cause) == (Reason.CONFIRMED, "M. Vzorová")}
    assert water == {Cause.NATURAL, Cause.RELEASE, Cause.ICE, Cause.WEED, Cause.BACKWATER}
    assert all(by(cause) is None for cause in set(Cause) - water)
    assert by(Cause.NATURAL, -timedelta(seconds=1)) is None, "what was written before knows nothing of it"


def test_who_says_that_it_is_the_gauge_has_looked() -> None:
    looked = {cause for cause in Cause if looked_at(leap(100.0), [note(cause, timedelta(0))])}
    assert looked == {Cause.SENSOR, Cause.DESTROYED, Cause.WORKS}
    assert not looked_at(leap(100.0), [note(Cause.SENSOR, -timedelta(seconds=1))])


@pytest.mark.parametrize(
    ("minutes", "due"), [(0, None), (59, None), (60, 60), (239, 60), (240, 240), (419, 240), (420, 420)]
)
def test_officers_are_reminded_after_an_hour_and_every_three(minutes: int, due: int | None) -> None:
    assert reminder(leap(100.0), LEAPT + minutes * MINUTE) == (None if due is None else LEAPT + due * MINUTE)
