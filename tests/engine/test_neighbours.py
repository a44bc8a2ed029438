"""Which gauges above count."""

from floodcore.words import Quantity
from hladina.neighbours import above
from hladina.station_list import Recorded


def river(**upstream: str) -> dict[str, Recorded]:
    return {
        name: Recorded(name, Quantity.LEVEL, "cm", {}, None, tuple(upper.split())) for name, upper in upstream.items()
    }


def test_the_nearer_first_and_no_more_than_three() -> None:
    stations = river(A="", B="A", C="B", D="C", E="D X", X="Y", Y="")
    assert above("A", stations) == ()
    assert above("C", stations) == ("B", "A")
    assert above("E", stations) == ("D", "X", "C")


def test_a_circle_ends() -> None:
    assert above("A", river(A="B", B="C", C="B A")) == ("B", "C")
    assert above("A", river(A="A")) == ()


def test_a_gauge_that_is_not_there_has_none_above() -> None:
    assert above("A", river(A="Z")) == ("Z",)
