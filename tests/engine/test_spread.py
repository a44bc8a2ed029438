"""Work for many stations: here, on a cluster, and the bar."""

import io
import sys
from importlib import import_module
from importlib.util import find_spec

import pytest

from hladina.spread import Workers, progress
from hladina.station_list import InputError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_results_come_in_order() -> None:
    with Workers(None) as workers:
        assert list(workers.each(abs, [-3, 2, -1], "done")) == [3, 2, 1]


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
        assert list(workers.each(abs, list(range(-300, 0)), "done")) == list(range(300, 0, -1))


@pytest.mark.skipif(find_spec("distributed") is None, reason="the extra dask is not installed")
def test_nobody_at_the_address() -> None:
    with pytest.raises(InputError, match="no scheduler answers"), Workers("tcp://127.0.0.1:9"):
        pass
