"""What `hladina check` prints."""

from pathlib import Path

from floodcore.network.faults import Checked, Fault, Missing
from floodcore.network.load import check
from floodcore.network.model import Network
from floodcore.network.report import lines

EXAMPLES = Path(__file__).with_name("examples")


def test_a_good_folder_is_counted_and_its_gaps_named() -> None:
    assert lines(check(EXAMPLES / "good")) == [
        "stations/all.yaml:15: notice: 000001: known anomaly of the source: as the table has it",
        "2 rivers, 2 stations, 2 places, 2 partners (CZ 1, DE 1; 1 synthetic)",
        "missing coordinates: 1 station:",
        "    B-2",
        "missing degrees: 1 station:",
        "    B-2",
    ]


def test_faults_come_alone_and_are_counted() -> None:
    checked = Checked(None, (Fault("a.yaml", 3, "one"), Fault("b.yaml", 0, "two")))
    assert lines(checked) == ["a.yaml:3: one", "b.yaml:0: two", "2 faults; nothing is loaded until all are mended"]


def test_a_long_list_is_folded_and_loses_no_station() -> None:
    stations = tuple(f"{number:06}" for number in range(100))
    printed = lines(Checked(Network(), missing=(Missing("limits", stations),)))
    assert max(map(len, printed)) <= 100
    assert " ".join(printed[2:]).split() == list(stations)
