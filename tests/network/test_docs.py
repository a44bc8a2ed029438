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


def test_the_examples_of_exports_and_mountings_are_valid(tmp_path: Path) -> None:
    exports = re.findall(
        r"```\n(exports:.*?)```", (ROOT / "docs" / "sources" / "export.md").read_text("utf-8"), re.DOTALL
    )
    (links,) = re.findall(r"```\n(links:.*?)```", TEXT, re.DOTALL)
    folder = Path(shutil.copytree(ROOT / "station_configs", tmp_path / "net"))
    (folder / "exports.yaml").write_text(exports[0], encoding="utf-8")
    file = folder / "stations" / "demo.yaml"
    text = file.read_text("utf-8")
    old = "    links:\n      - {kind: tts, address: lk-demo-01, sensor: dragino_ldds, zero_cm: 450}\n"
    assert old in text
    named = (("obec-mostek", "LVS-1"), ("server-mesta", "a7"))
    feeds = "".join(f"  - {{kind: export, export: {name}, address: {address}}}\n" for name, address in named)
    file.write_text(text.replace(old, textwrap.indent(links + feeds, "    ")), "utf-8")
    checked = check(folder)
    assert checked.faults == ()
    assert checked.network is not None
    assert len(checked.network.stations["LK-DEMO-01"].links[0].mountings) == 2
    assert set(checked.network.exports) == {"obec-mostek", "server-mesta"}
