"""The pair of sensors that docs/network.md shows is one that loads, and whose limits are the same water."""

import re
import shutil
from pathlib import Path

from collectors.sensors.registry import offsets
from floodcore.network.load import check
from floodcore.words import Quantity

ROOT = Path(__file__).resolve().parents[2]


def test_the_pair_shown_loads(tmp_path: Path) -> None:
    section = (ROOT / "docs" / "network.md").read_text("utf-8").partition("### Two sensors of one site")[2]
    found = re.search(r"```\n(stations:.*?)```", section, re.DOTALL)
    assert found is not None
    folder = Path(shutil.copytree(ROOT / "station_configs", tmp_path / "net"))
    (folder / "stations" / "pair.yaml").write_text(found[1], "utf-8")
    with (folder / "sources.yaml").open("a", encoding="utf-8") as file:
        file.write("  - {id: invented, text: invented}\n")
    checked = check(folder, offsets())
    assert [str(fault) for fault in checked.faults] == []
    assert checked.network is not None
    main, spare = (checked.network.stations[key] for key in ("vzor-most", "vzor-most-2"))
    assert (main.spare_for, spare.spare_for) == (None, "vzor-most")
    pairs = [station.limits_of(Quantity.LEVEL) for station in (main, spare)]
    high, low = ([] if limits is None else list(limits.values.values()) for limits in pairs)
    assert [one - other for one, other in zip(high, low, strict=True)] == [15.0] * 3
