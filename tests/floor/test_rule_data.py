"""When a change of limits leaves what is to come: at the first reading judged by it, never by its date alone."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from floodcore.network.model import Change, Limits, Names, Station
from floodcore.rule_data import data
from floodcore.store.rulelog import RuleLine
from floodcore.words import Degree, Quantity
from hladina.rule_lines import lines as said

DAY = timedelta(days=1)
T0 = datetime(2026, 6, 1, tzinfo=UTC)


def change(limit: float, since: datetime, quantity: Quantity = Quantity.LEVEL) -> Change:
    limits = Limits(quantity, {Degree(1): limit, Degree(2): limit + 20.0}, "invented", None)
    return Change(limits, since, "M. Vzorová", "a new bridge")


def station(*changes: Change) -> Station:
    quantities = (Quantity.LEVEL, Quantity.DISCHARGE)
    return Station("A", Names("A"), None, "CZ", "t", quantities, timedelta(minutes=10), changes=changes)


def line(limit: float, since: datetime, valid_from: datetime | None = None, quantity: str = "level") -> RuleLine:
    rules = json.dumps({"engine": 4, "limits": {"1": limit, "2": limit + 20.0}})
    return RuleLine(quantity, since, 1, f"v{limit:g}", rules, since, valid_from, "invented", "", "", None)


def waiting(lines: list[RuleLine] | None, *changes: Change, now: datetime = T0 + DAY) -> list[tuple[float, bool]]:
    found = json.loads(json.dumps(data("A", lines, station(*changes), now)))
    return [(one["limits"]["1"], one["valid"]) for one in found["to_come"]]


BASE = line(100.0, T0 - 9 * DAY)


def test_a_valid_change_waits_until_a_reading_was_judged_by_it() -> None:
    new = change(70.0, T0)
    assert waiting([BASE], new, now=T0 - timedelta.resolution) == [(70.0, False)]
    assert waiting([BASE], new, now=T0) == [(70.0, True)], "a silent gauge: entered, valid, and in no version used"
    assert waiting([], new) == [(70.0, True)]
    assert waiting([BASE, line(70.0, T0, T0)], new) == []
    assert waiting([BASE, line(70.0, T0 + 3 * timedelta(hours=1), T0)], new) == []


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (line(70.0, T0 + timedelta(hours=1), T0, "discharge"), "of another quantity"),
        (line(100.0, T0 + timedelta(hours=1)), "of the limits before it: the change was entered after its day"),
        (line(70.0, T0 - timedelta(hours=1)), "from before its day"),
    ],
)
def test_another_line_is_none_of_it(other: RuleLine, why: str) -> None:
    assert waiting([BASE, other], change(70.0, T0)) == [(70.0, True)], why


def test_a_line_from_before_it_was_noted_why_is_known_by_its_limits() -> None:
    assert waiting([BASE, line(70.0, T0)], change(70.0, T0)) == []


def test_of_several_valid_ones_the_newest_of_each_quantity_waits() -> None:
    first, second = change(70.0, T0 - 2 * DAY), change(80.0, T0)
    third, flow = change(90.0, T0 + 9 * DAY), change(30.0, T0 - DAY, Quantity.DISCHARGE)
    changes = (first, second, third, flow)
    assert waiting([BASE], *changes) == [(80.0, True), (90.0, False), (30.0, True)]
    assert waiting([BASE, line(70.0, T0 - DAY, T0 - 2 * DAY)], *changes) == [(80.0, True), (90.0, False), (30.0, True)]
    assert waiting([BASE, line(80.0, T0, T0)], *changes) == [(90.0, False), (30.0, True)]


def test_raised_limits_are_those_of_the_change() -> None:
    """At Sedmihorky the extreme lies below SPA 3, and the engine raises it."""
    limits = Limits(Quantity.LEVEL, {Degree(3): 360.0, Degree(4): 356.0}, "invented", None)
    rules = json.dumps({"engine": 4, "limits": {"3": 360.0, "4": 360.0}})
    used = RuleLine("level", T0, 1, "v", rules, T0, None, "", "", "", None)
    found = data("A", [used], station(Change(limits, T0, "M. Vzorová", "a new bridge")), T0 + DAY)
    assert found["to_come"] == []


def test_without_the_record_no_valid_change_is_said_to_wait() -> None:
    assert waiting(None, change(70.0, T0), change(80.0, T0 + 9 * DAY)) == [(80.0, False)]


def test_the_command_says_which_it_is() -> None:
    found = data("A", [BASE], station(change(70.0, T0), change(80.0, T0 + 9 * DAY)), T0 + DAY)
    heads = [one for one in said(found) if one.startswith("2026-06")]
    assert heads[0].endswith("valid, no reading judged by it yet")
    assert heads[1].endswith("to come")
