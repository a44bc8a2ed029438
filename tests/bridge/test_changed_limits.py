"""Limits changed by date: a message names those of the time of its value, never those given up or still to come."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bridge_de.compose import Publisher
from bridge_de.publish import write
from bridge_de.told import concerns_us, telling
from floodcore.network.model import Change, Limits
from floodcore.store.warnings import Latest
from floodcore.words import Degree, Quantity
from tests.bridge.conftest import START, told
from tests.bridge.test_compose import parameters

SOONER, LATER = START - timedelta(days=3), START + timedelta(days=3)


def changed(speaker: Publisher, since: datetime, scheme: str = "spa") -> Publisher:
    """Liberec with other limits `since`."""
    values = {Degree.VIGILANCE: 60.0, Degree.READINESS: 90.0, Degree.EMERGENCY: 120.0}
    limits = Limits(Quantity.LEVEL, values, "invented anew", None, scheme)
    change = Change(limits, since, "M. Vzorová", "the weir was lowered")
    station = replace(speaker.network.stations["316000"], changes=(change,))
    return replace(speaker, network=replace(speaker.network, stations={**speaker.network.stations, "316000": station}))


@pytest.mark.parametrize(
    ("since", "thresholds", "extreme"),
    [(SOONER, "60/90/120 cm", None), (START, "60/90/120 cm", None), (LATER, "85/125/160 cm", "342 cm")],
)
def test_a_message_names_the_limits_of_its_event(
    speaker: Publisher, since: datetime, thresholds: str, extreme: str | None
) -> None:
    alert, body = write(telling(told(), [], START + timedelta(seconds=3)), changed(speaker, since))
    for block, info in enumerate(alert.infos):
        assert parameters(body, block)["spaThresholds"] == thresholds
        assert parameters(body, block).get("extremeThreshold") == extreme
        assert thresholds in info.description
        assert ("60/90" in info.description) is (since is not LATER)


def test_a_message_told_anew_names_the_limits_of_its_newest_value(speaker: Publisher) -> None:
    latest = Latest(126.0, START + timedelta(hours=5), "steady")
    for hours, thresholds in ((4, "60/90/120 cm"), (6, "85/125/160 cm")):
        anew = telling(told(), [], START + timedelta(hours=5, minutes=1), latest)
        _, body = write(anew, changed(speaker, START + timedelta(hours=hours)))
        assert parameters(body)["spaThresholds"] == thresholds


def test_whose_scheme_changes_later_is_still_ours(speaker: Publisher) -> None:
    assert concerns_us(told(), [], changed(speaker, LATER, "alarmstufe").network)
    assert not concerns_us(told(), [], changed(speaker, SOONER, "alarmstufe").network)
