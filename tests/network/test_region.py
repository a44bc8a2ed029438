"""The station files that come with the project: complete, true to themselves, readable by editors."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from floodcore.network.load import KINDS, check, schema
from floodcore.network.model import DEGREES, Limits, Names, Network, Station
from floodcore.texts import Texts
from floodcore.words import Degree, Quantity

FOLDER = Path(__file__).parents[2] / "station_configs"
STATION_WITHOUT_LIMITS = Station("X", Names("X"), None, "CZ", "", (Quantity.LEVEL,), timedelta(minutes=10))
STATION_WITHOUT_FACTS = replace(
    STATION_WITHOUT_LIMITS, limits=(Limits(Quantity.LEVEL, {Degree.EXTREME: 1.0}, "", None),)
)
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.yaml"))


@pytest.fixture(scope="module")
def region() -> Network:
    checked = check(FOLDER)
    assert checked.faults == ()
    assert checked.network is not None
    return checked.network


def by_kind(region: Network, kind: str) -> list[Station]:
    return [station for station in region.stations.values() if any(link.kind == kind for link in station.links)]


@pytest.mark.parametrize("file", FILES)
def test_every_file_names_the_schema_that_editors_shall_use(file: str) -> None:
    first = (FOLDER / file).read_text(encoding="utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert named is not None
    kind = "stations" if file.startswith("stations/") else file.removesuffix(".yaml")
    assert (FOLDER / file).parent.joinpath(named[1]).resolve().name == f"{kind}.json"
    assert (FOLDER / file).parent.joinpath(named[1]).is_file()


@pytest.mark.parametrize("file", FILES)
def test_no_file_is_longer_than_a_person_reads(file: str) -> None:
    assert len((FOLDER / file).read_text(encoding="utf-8").splitlines()) <= 400


def test_the_published_schemas_are_those_of_the_loader() -> None:
    published = {path.stem for path in (FOLDER / "schema").glob("*.json")}
    assert published == set(KINDS)
    assert all(schema(kind) for kind in KINDS)


def test_all_65_gauges_of_the_czech_service_are_polled(region: Network) -> None:
    polled = by_kind(region, "chmu")
    assert len(polled) == 65
    assert all(station.links[0].address == f"0-203-1-{station.id}" for station in polled)
    assert all(station.catchment_km2 is not None for station in polled)


def test_29_czech_profiles_have_all_three_degrees_in_cm(region: Network) -> None:
    complete = [s for s in by_kind(region, "chmu") if (level := s.limits_of(Quantity.LEVEL)) and level.complete]
    assert len(complete) == 29


def test_the_figures_of_predlance_are_those_of_its_source(region: Network) -> None:
    station = region.stations["326000"]
    level, discharge = station.limits_of(Quantity.LEVEL), station.limits_of(Quantity.DISCHARGE)
    assert level is not None
    assert discharge is not None
    assert list(level.values.values()) == [200, 220, 240, 336]
    assert list(discharge.values.values()) == [49.1, 56.9, 65.2, 398]
    assert str(level.valid_from) == "2026-02-06"
    assert (station.lat, station.lon, station.river_km, station.category) == (50.9781799, 15.0347994, 10.6, "A")
    assert station.upstream == ("324000", "325000")


def test_sedmihorky_keeps_the_anomaly_of_its_source_and_says_so(region: Network) -> None:
    level = region.stations["091950"].limits_of(Quantity.LEVEL)
    assert level is not None
    assert level.values[Degree.EXTREME] < level.values[Degree.EMERGENCY]
    assert ["091950" in notice.message for notice in check(FOLDER).notices] == [True, True]


def test_goerlitz_has_saxon_stages_and_polish_gauges_have_polish_levels(region: Network) -> None:
    goerlitz = region.stations["660160"].limits_of(Quantity.LEVEL)
    assert goerlitz is not None
    assert (goerlitz.scheme, list(goerlitz.values.values())) == ("alarmstufe", [320, 400, 480, 560])
    for station in region.stations.values():
        schemes = {limits.scheme for limits in station.limits}
        assert schemes <= {{"CZ": "spa", "DE": "alarmstufe", "PL": "imgw"}[station.country]}, station.id


def test_all_three_ways_in_are_exercised_by_labelled_synthetic_gauges(region: Network) -> None:
    synthetic = [station for station in region.stations.values() if station.synthetic]
    sensors = [link.sensor for station in synthetic for link in station.links]
    assert (sensors.count("dragino_ldds"), sensors.count("decentlab_tbrg"), sensors.count("")) == (4, 2, 2)
    for station in synthetic:
        assert station.id.startswith("LK-DEMO-")
        names = [station.names.local, *station.names.translated.values()]
        assert len(names) == 4
        assert all(re.search(r"CVIČN|ÜBUNG|ĆWICZ|EXERCISE", name) for name in names), station.id
    assert not any(station.synthetic for station in by_kind(region, "chmu"))


def test_the_areas_above_add_up_to_no_more_than_the_area_here(region: Network) -> None:
    for station in region.stations.values():
        areas = [region.stations[above].catchment_km2 or 0.0 for above in station.upstream]
        if station.catchment_km2 is not None:
            assert sum(areas) <= station.catchment_km2, station.id


def test_no_gauge_is_upstream_of_two_others(region: Network) -> None:
    """A river does not fork; only Neisse gauges whose order is unknown and invented gauges stand beside one another."""
    below: dict[str, list[str]] = {}
    for station in region.stations.values():
        for above in station.upstream:
            below.setdefault(above, []).append(station.id)
    forks = {above: ids for above, ids in below.items() if len([one for one in ids if "DEMO" not in one]) > 1}
    assert set(forks) == {"DE-rosenthal", "151140050", "660160"}


def test_only_the_czech_places_of_the_region_carry_a_code_of_the_region(region: Network) -> None:
    for place in region.places.values():
        expected = place.country == "CZ"
        assert (place.cisorp is not None and 5101 <= int(place.cisorp) <= 5110) == expected, place.id
    assert {place.cisorp for place in region.places.values() if place.cisorp} == {str(5100 + n) for n in range(1, 11)}


def test_all_places_rivers_and_partners_are_of_use(region: Network) -> None:
    stations = region.stations.values()
    drained = {river.into for river in region.rivers.values()} | {station.river for station in stations}
    assert set(region.rivers) <= drained
    towns = {"tanvald", "novy-bor", "bulovka"}
    assert set(region.places) - {place for station in stations for place in station.places} <= towns
    assert all(len(river.course) != 1 for river in region.rivers.values())
    assert 20 <= len(region.outline) <= 50


def test_every_scheme_degree_and_missing_fact_has_a_name_in_each_language(texts: Texts) -> None:
    degrees = {f"network.limit.{scheme}.{n}" for scheme, last in DEGREES.items() for n in range(1, last + 1)}
    facts = {f"network.missing.{fact}" for fact in STATION_WITHOUT_FACTS.missing + STATION_WITHOUT_LIMITS.missing}
    assert degrees | facts | {f"network.scheme.{scheme}" for scheme in DEGREES} <= texts.known
    assert len(facts) == 8
