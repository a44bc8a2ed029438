"""What is expected of a rise that is not verified, here or above, is shown and says so; SMS and CAP hold it back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from floodcore.network.model import Network
from floodcore.store.foresight import ForesightView
from floodcore.store.views import DegreeView, SeriesView
from floodcore.texts import Texts
from floodcore.words import Flag, Language
from portal import ahead, geojson
from portal.marks import Mark, marks
from tests.portal.conftest import small_network
from tests.portal.test_ahead import NOW, TEN, outlook, reader, told


def below(hours: float, *, unproved: str = "leap", own: str = "") -> Mark:
    """A gauge at which SPA 2 is expected, with one above it that leapt `hours` before."""
    known = small_network().stations["320000"]
    upper = replace(known, id="U")
    network = Network(stations={"320000": replace(known, upstream=("U",)), "U": upper})
    at, good = NOW - TEN / 2, int(Flag.GOOD)
    rows = [
        SeriesView("320000", "level", "cm", 1, 180.0, at, "rising", 25.0, good, "", judged=True, unproved=own),
        SeriesView("U", "level", "cm", 2, 240.0, at, "steady", 0.0, good, "", judged=True, unproved=unproved),
    ]
    leapt = DegreeView("U", "level", "reached", 2, at - timedelta(hours=hours), "")
    view = ForesightView("320000", "level", at, at, "3", told(2, at), outlook(at))
    found = marks(network, rows, [leapt], [view])
    return next(mark for mark in found if mark.station.id == "320000")


@pytest.mark.parametrize("language", list(Language))
def test_page_table_and_data_say_that_it_is_not_verified(texts: Texts, language: Language) -> None:
    mark, who = below(1.0), reader(texts, language)
    assert ahead.sentence(who, mark).endswith(who.say("page.ahead.unproved"))
    assert ahead.short(who, mark).endswith(who.say("page.ahead.unproved.short"))
    assert geojson.properties(mark, NOW)["expected_unproved"] is True


@pytest.mark.parametrize("mark", [below(1.0, unproved=""), below(6.5)], ids=["proved", "longer ago than is seen"])
def test_a_rise_above_that_is_proved_or_long_past_is_no_reservation(texts: Texts, mark: Mark) -> None:
    assert "not verified" not in ahead.sentence(reader(texts, Language.EN), mark)
    assert geojson.properties(mark, NOW)["expected_unproved"] is False


def test_a_rise_of_the_gauge_itself_is_one() -> None:
    assert below(9.0, unproved="", own="leap").expected_unproved
