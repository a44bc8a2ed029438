"""The page of all sources is true, and nothing in it is missing."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from collectors.catalogue import CATALOGUE, POLLED
from floodcore import settings
from simulators.served import SERVED
from tests.collectors.hostile import every

ROOT = Path(__file__).parents[2]
COMMAND = "run: python scripts/source_table.py --write"


@pytest.fixture(scope="module")
def source_table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("source_table", ROOT / "scripts" / "source_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_cell_is_empty(source_table: ModuleType) -> None:
    empty = [
        f"{name}: {what}" for name, cells in source_table.table().items() for what, cell in cells.items() if not cell
    ]
    assert empty == []


def test_the_page_is_that_of_the_catalogue(source_table: ModuleType) -> None:
    assert source_table.PAGE.read_text("utf-8") == source_table.page(), COMMAND


@pytest.mark.parametrize(
    ("name", "open_question"),
    [("imgw", "stan_wody_data_pomiaru"), ("saxony", "numbers"), ("saxony_rss", "numbers"), ("lhp", "zone")],
)
def test_what_nobody_told_us_for_certain_stands_in_the_table(
    source_table: ModuleType, name: str, open_question: str
) -> None:
    (row,) = [line for line in source_table.page().splitlines() if line.startswith(f"| [{name}](")]
    said = row.rstrip(" |").rsplit(" | ", 1)[-1]
    assert open_question in said
    assert said == CATALOGUE[name].to_confirm


def test_every_decoder_that_is_tried_stands_in_the_table_of_fuzzing() -> None:
    rows = (ROOT / "docs" / "sources" / "fuzzing.md").read_text("utf-8").splitlines()
    cells = {row.split(" | ")[0].strip("| "): row.split(" | ")[1:] for row in rows if row.startswith("| ")}
    del cells["decoder"]
    assert set(cells) == set(every())
    assert all(found[0] == "1,000,000" and found[2] == "none" for found in cells.values())
    assert all(float(found[3]) < 1000.0 for found in cells.values()), "ms"


def test_every_source_has_a_page(source_table: ModuleType) -> None:
    missing = [
        name for name, each in CATALOGUE.items() if not (source_table.PAGE.parent / source_table._doc(each)).is_file()
    ]
    assert missing == []


def test_simulators_speak_for_sources_that_exist() -> None:
    assert set(SERVED) <= set(CATALOGUE)


def test_marks_name_sources_that_exist(source_table: ModuleType) -> None:
    named = {name for _, name in source_table.evidence() if name}
    assert named <= set(CATALOGUE)
    assert {what for what, _ in source_table.evidence()} == {"decoder", "outage", "dst", "hostile"}


def test_a_station_may_name_every_polled_source_that_has_stations() -> None:
    schema = json.loads((ROOT / "floodcore" / "network" / "schema" / "stations.json").read_text("utf-8"))
    link = schema["$defs"]["link"]["properties"]["kind"]["enum"]
    polled = {each.name for each in POLLED if each.needs_stations}
    assert polled <= set(link)
    assert {"chmu_cap"} == {each.name for each in POLLED} - polled


def test_a_source_that_is_not_configured_is_not_asked() -> None:
    nothing = settings.read({"HLADINA_DATABASE_URL": "postgresql://x/y", "HLADINA_STATIONS": str(ROOT)})
    assert [each.name for each in POLLED if nothing.base_url(each.name)] == []
    asked = settings.read({
        "HLADINA_DATABASE_URL": "postgresql://x/y",
        "HLADINA_STATIONS": str(ROOT),
        "HLADINA_SAXONY_URL": "https://luis.example.invalid/",
        "HLADINA_SAXONY_INTERVAL_S": "900",
    })  # fmt: skip
    assert asked.base_url("saxony") == "https://luis.example.invalid"
    assert (asked.interval_s("saxony", 300.0), asked.interval_s("imgw", 600.0)) == (900.0, 600.0)
    with pytest.raises(settings.SettingsError) as error:
        settings.read({
            "HLADINA_DATABASE_URL": "postgresql://x/y",
            "HLADINA_STATIONS": str(ROOT),
            "HLADINA_IMGW_URL": "danepubliczne",
            "HLADINA_EA_INTERVAL_S": "0",
        })  # fmt: skip
    assert [fault.partition(":")[0] for fault in error.value.faults] == ["HLADINA_IMGW_URL", "HLADINA_EA_INTERVAL_S"]
