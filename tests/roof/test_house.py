"""The wheel holds our names and nobody else holds them; the import contract can fail."""

from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("hladina", "collectors", "alerting", "bridge_de", "portal", "simulators", "floodcore")


@pytest.mark.parametrize("name", OURS)
def test_a_top_level_name_belongs_to_no_other_distribution(name: str) -> None:
    """A second wheel with a `portal/` would overwrite ours without a word."""
    assert set(packages_distributions().get(name, ["hladina"])) == {"hladina"}


def test_every_package_is_in_the_wheel_list() -> None:
    listed = (ROOT / "pyproject.toml").read_text().split("packages = [")[1].split("]")[0]
    assert all(f'"{name}"' in listed for name in OURS)
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders == set(OURS)


def test_the_lock_has_hashes_and_no_addresses() -> None:
    for file in (ROOT / "requirements").glob("*.txt"):
        text = file.read_text()
        assert "http" not in "".join(line for line in text.splitlines() if line.startswith("--"))
        assert "://" not in text
        pins = [line for line in text.splitlines() if "==" in line]
        assert len(pins) > 20
        assert all(line.endswith("\\") for line in pins)
