"""docs/network.md names every key of every schema, and its example is one the loader takes."""

import re
import shutil
import textwrap
from pathlib import Path

import pytest

from floodcore.network.load import KINDS, check, schema

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "network.md").read_text(encoding="utf-8")


def keys(part: object) -> set[str]:
    """The keys that a schema lets a person write, degrees and languages aside."""
    if isinstance(part, list):
        return {key for item in part for key in keys(item)}
    if not isinstance(part, dict):
        return set()
    properties = part.get("properties", {})
    own = {key for key in properties if len(key) > 2} if isinstance(properties, dict) else set()
    return own | {key for item in part.values() for key in keys(item)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_explained(kind: str) -> None:
    unexplained = {key for key in keys(schema(kind)) - {kind} if f"`{key}`" not in TEXT}
    assert unexplained == set()


def test_the_example_of_the_five_minutes_is_valid(tmp_path: Path) -> None:
    station, source = (textwrap.dedent(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL))
    folder = Path(shutil.copytree(ROOT / "station_configs", tmp_path / "net"))
    for name, entry in (("stations/smeda.yaml", station), ("sources.yaml", source)):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(textwrap.indent(entry, "  "))
    checked = check(folder)
    assert checked.faults == ()
    assert checked.network is not None
    assert str(checked.network.stations["LK-HEJNICE-1"].limits[0].valid_from) == "2026-05-01"
