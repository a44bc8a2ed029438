"""Messages of rain: what fell and which limit, a SPA only where the plan says so, and the sum of now when told anew."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree

from bridge_de.check import faults
from bridge_de.compose import Publisher, compose, compose_plain
from bridge_de.publish import write
from bridge_de.render import render
from bridge_de.told import concerns_us, telling
from floodcore.network.model import Names, Network, Station
from floodcore.network.rain import RainDegrees, RainLimit
from floodcore.store import warnings
from floodcore.store.connect import Pool
from floodcore.store.warnings import ChainMessage, Latest, ToldEvent
from floodcore.words import Degree, Language, Quantity
from tests.bridge.conftest import START, told

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
DAY = RainLimit(
    timedelta(hours=24), {Degree(1): 35.0, Degree(2): 45.0, Degree(3): 60.0}, {Degree(1): 25.0, Degree(2): 30.0}, "plan"
)


def rained(**changes: object) -> ToldEvent:
    """38.4 mm in a day at a gauge that has a limit of 35."""
    plain: dict[str, object] = {
        "station_id": "R",
        "quantity": "rain",
        "unit": "mm",
        "value": 38.4,
        "to_degree": 1,
        "discharge": None,
        "trend": "unknown",
        "chain": "R:rain",
        "limit_value": 35.0,
        "window_min": 1440,
        "rain_scheme": "rain",
    }
    return told(**(plain | changes))


@pytest.fixture
def network(little: Network) -> Network:
    station = Station(
        "R",
        Names("Bedřichov", {Language.DE: "Friedrichswald"}),
        "neisse",
        "CZ",
        "tests",
        (Quantity.RAIN,),
        timedelta(minutes=10),
        places=("liberec",),
        rain_degrees=RainDegrees((DAY,)),
    )
    return replace(little, stations={**little.stations, "R": station})


@pytest.fixture
def publisher(speaker: Publisher, network: Network) -> Publisher:
    return replace(speaker, network=network)


def pairs(body: bytes, name: str = "parameter") -> dict[str, str]:
    info = etree.fromstring(body).find(f"{CAP}info")
    assert info is not None
    return {
        node.findtext(f"{CAP}valueName") or "": node.findtext(f"{CAP}value") or ""
        for node in info.findall(f"{CAP}{name}")
    }


def test_what_fell_where_and_which_limit(publisher: Publisher, structure: Callable[[bytes], list[str]]) -> None:
    alert, body = write(telling(rained(), [], START), publisher)
    assert structure(body) == []
    assert faults(body) == []
    czech, german = alert.infos
    assert czech.headline == "Déšť 38,4 mm za 24 h, dosažen dešťový limit 1 ze 3: Bedřichov"
    assert german.headline == "Regen 38,4 mm in 24 h, erreicht: Regengrenze 1 von 3, Friedrichswald"
    assert "za 24 h do 29. 3. 2026 01:00 spadlo nejméně 38,4 mm; limit je 35 mm." in czech.description
    assert "kein" in german.description
    found = pairs(body)
    assert (found["rain"], found["rainWindow"], found["rainLimit"]) == ("38.4 mm", "24 h", "35 mm")
    assert (found["rainThresholds"], found["ground"]) == ("35/45/60 mm", "ordinary")
    assert found["awareness_type"] == "10; Rain"
    assert [area.description for area in czech.areas] == ["Liberec"]


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_a_limit_of_rain_is_no_spa_of_the_river(publisher: Publisher, degree: int) -> None:
    event = rained(from_degree=2 if degree < 2 else 0, to_degree=degree)
    reference = "a,b,2026-03-29T00:00:00+01:00"
    told_before = [ChainMessage(1, 1, 0, START - timedelta(hours=1), START, reference, all_clear=False)]
    _, body = write(telling(event, told_before, START), publisher)
    assert faults(body) == []
    assert pairs(body, "eventCode") == {"CZ-RAIN": str(degree)}
    for info in etree.fromstring(body).findall(f"{CAP}info"):
        assert "SPA" not in (info.findtext(f"{CAP}headline") or "") + (info.findtext(f"{CAP}event") or "")


def test_where_the_plan_calls_it_a_spa_so_do_we(publisher: Publisher) -> None:
    alert, body = write(telling(rained(rain_scheme="spa"), [], START), publisher)
    assert faults(body) == []
    assert pairs(body, "eventCode") == {"CZ-SPA": "1"}
    assert "1. SPA" in alert.infos[0].headline
    assert "vyhlašuje" in alert.infos[0].description


def test_the_limits_of_saturated_ground_are_named(publisher: Publisher) -> None:
    alert, body = write(telling(rained(saturated=True, limit_value=25.0), [], START), publisher)
    assert "limit je 25 mm pro nasycenou půdu" in alert.infos[0].description
    assert (pairs(body)["rainThresholds"], pairs(body)["ground"]) == ("25/30 mm", "saturated")


def test_the_plain_form_speaks_of_rain_too(publisher: Publisher) -> None:
    event = rained(station_id="gone")
    body = render(compose_plain(telling(event, [], START), publisher))
    assert faults(body) == []
    assert pairs(body, "eventCode") == {"CZ-RAIN": "1"}
    assert "Déšť 38,4 mm za 24 h" in body.decode()
    assert compose(telling(event, [], START), publisher).infos[0].headline.endswith("gone")


def test_told_anew_it_is_the_sum_of_now(publisher: Publisher) -> None:
    newest = Latest(41.0, START + timedelta(hours=4), "unknown")
    alert, body = write(telling(rained(), [], START + timedelta(hours=4), newest), publisher)
    assert "41 mm za 24 h" in alert.infos[0].headline
    assert pairs(body)["rain"] == "41 mm"
    late, _ = write(telling(rained(), [], START + timedelta(hours=4)), publisher)
    assert "240 min" in late.infos[0].description


def test_a_czech_rain_gauge_is_ours_to_tell(network: Network) -> None:
    assert concerns_us(rained(), [], network)


async def test_the_store_knows_what_an_event_is_about_and_the_newest_sum(pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.execute("INSERT INTO series (station_id, quantity, unit) VALUES ('R', 'rain', 'mm')")
        await conn.execute(
            "INSERT INTO rule_version VALUES ('v', '{}', now());"
            "INSERT INTO event (series_id, station_id, quantity, kind, at, from_degree, to_degree, reason, value, unit,"
            " limit_value, trend, chain, rule_version, exercise) VALUES (1, 'R', 'rain', 'reached', now(), 0, 1,"
            " 'reached', 38.4, 'mm', 35, 'unknown', 'c', 'v', false);"
            "INSERT INTO event_rain VALUES (1, 1440, true, 'spa', false);"
            "INSERT INTO series_state (series_id, rule_version, judged_until, lifecycle, degree, value, observed_at,"
            " trend, flag, test, updated_at) VALUES (1, 'v', now(), '{}', 1, 0.4, now(), 'unknown', 1, '', now());"
            "INSERT INTO rain_sum VALUES (1, 60, now(), 2, 2, NULL), (1, 1440, now(), 41, NULL, NULL)"
        )
        (event,) = await warnings.events(conn, [1])
        assert (event.limit_value, event.window_min, event.saturated, event.rain_scheme) == (35.0, 1440, True, "spa")
        found = await warnings.latest(conn, 1, 1440)
        assert found is not None
        assert found.value == 41.0
        plain = await warnings.latest(conn, 1)
        assert plain is not None
        assert plain.value == 0.4
        assert await warnings.latest(conn, 1, 10) is None  # that window has no limit any more
