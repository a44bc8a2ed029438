"""Work for many stations: here, on a cluster, and the bar."""

import io
import math
import operator
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from hladina.hindcast import main
from hladina.spread import Workers, progress
from hladina.station_list import InputError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_results_come_in_order() -> None:
    with Workers(None) as workers:
        assert list(workers.each((workers.call(abs, i) for i in (-3, 2, -1)), 3, "done")) == [3, 2, 1]


def test_a_work_takes_what_another_made_and_each_is_done_once() -> None:
    done: list[int] = []

    def doubled(number: int) -> int:
        done.append(number)
        return 2 * number

    with Workers(None) as workers:
        one = workers.call(doubled, workers.send(3))
        assert done == [], "nothing is done before it is asked for"
        two = workers.call(operator.add, one, workers.call(doubled, one))
        assert (two.result(), one.result(), done) == (18, 6, [3, 6])


def test_here_nothing_is_done_ahead_of_what_is_taken() -> None:
    done: list[int] = []
    with Workers(None) as workers:
        results = workers.each((workers.call(done.append, i) for i in range(3)), 3, "done")
        for i in range(3):
            next(results)
            assert done == list(range(i + 1))


def test_a_bar_on_a_terminal_and_nothing_in_a_pipe() -> None:
    screen, pipe = Terminal(), io.StringIO()
    assert list(progress(iter("ab"), 2, "read", screen)) == ["a", "b"]
    list(progress(iter("ab"), 2, "read", pipe))
    assert "2/2" in screen.getvalue()
    assert screen.getvalue().endswith("\n")
    assert pipe.getvalue() == ""


def test_without_the_extra_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="hladina\\[dask\\]"), Workers("tcp://127.0.0.1:1"):
        pass


@pytest.mark.skipif(find_spec("distributed") is None, reason="the extra dask is not installed")
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_on_this_machine() -> None:
    with (
        import_module("distributed").LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, host="127.0.0.1", protocol="tcp"
        ) as cluster,
        Workers(cluster.scheduler_address) as workers,
    ):
        doubled = ((workers.call(abs, i), workers.send(abs(i))) for i in range(-300, 0))
        asked = (workers.call(operator.add, one, other) for one, other in doubled)
        assert list(workers.each(asked, 300, "done")) == list(range(600, 0, -2))


@pytest.mark.skipif(find_spec("distributed") is None, reason="the extra dask is not installed")
@pytest.mark.filterwarnings("ignore")
def test_a_hindcast_on_a_cluster_is_the_same_to_the_byte(tmp_path: Path) -> None:
    files = ["--stations", str(tmp_path / "s.yaml"), "--readings", str(tmp_path / "r.csv")]
    (tmp_path / "s.yaml").write_text(
        "- {id: G1, quantity: level, unit: cm, thresholds: {1: 80, 2: 90}, rain_gauges: [R], upstream: [G0]}\n"
        "- {id: G0, quantity: level, unit: cm, thresholds: {1: 80}}\n- {id: R, quantity: rain, unit: mm}\n",
        encoding="utf-8",
    )
    rows = [
        f"{name},2025-05-{1 + i // 144:02d}T{i % 144 // 6:02d}:{i % 6}0:00Z,{value},{unit},"
        for name, unit in (("G0", "cm"), ("G1", "cm"), ("R", "mm"))
        for i in range(1500)
        for value in [round(60.0 + 40.0 * abs(math.sin(i / 50)) ** 9, 1) if unit == "cm" else float(i % 50 == 0)]
    ]
    (tmp_path / "r.csv").write_text("\n".join(["station_id,timestamp,value,unit,role", *rows]), encoding="utf-8")
    files += ["--train", str(tmp_path / "r.csv")]
    assert main([*files, "--out", str(tmp_path / "here")]) == 0
    with import_module("distributed").LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, host="127.0.0.1", protocol="tcp"
    ) as cluster:
        assert main([*files, "--out", str(tmp_path / "far"), "--dask", cluster.scheduler_address]) == 0
    written = {path.relative_to(tmp_path / "here") for path in (tmp_path / "here").rglob("*.*")}
    assert len(written) > 8
    for path in written:
        assert (tmp_path / "here" / path).read_bytes() == (tmp_path / "far" / path).read_bytes(), path


@pytest.mark.skipif(find_spec("distributed") is None, reason="the extra dask is not installed")
def test_nobody_at_the_address() -> None:
    with pytest.raises(InputError, match="no scheduler answers"), Workers("tcp://127.0.0.1:9"):
        pass
