"""The page of all sources is true, and nothing in it is missing."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from collectors.catalogue import CATALOGUE
from simulators.served import SERVED

ROOT = Path(__file__).parents[2]
COMMAND = "run: python scripts/source_table.py --write"
# Sources that are being built: what nothing shows yet. A source leaves this list when its row is full.
OWED = frozenset({"chirpstack", "hardwario", "push", "sensorthings", "tts"})


@pytest.fixture(scope="module")
def source_table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("source_table", ROOT / "scripts" / "source_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_cell_is_empty(source_table: ModuleType) -> None:
    empty = {
        name: [column for column, cell in cells.items() if not cell] for name, cells in source_table.table().items()
    }
    assert {name: columns for name, columns in empty.items() if columns and name not in OWED} == {}
    assert {name for name in OWED if not empty.get(name)} == set(), "these owe nothing any more: take them off the list"


def test_the_page_is_that_of_the_catalogue(source_table: ModuleType) -> None:
    assert source_table.PAGE.read_text("utf-8") == source_table.page(), COMMAND


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
