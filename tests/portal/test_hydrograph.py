"""The picture of the water: well formed whatever comes, nothing joined over a gap or through a doubtful value."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from floodcore.network.model import Limits
from floodcore.store.views import SampleView
from floodcore.texts import Texts
from floodcore.words import Degree, Flag, Language, Quantity
from portal import hydrograph
from portal.frame import apart, time_ticks, value_range, value_ticks
from portal.hydrograph import Plot
from portal.localtime import clock, duration, number, short_stamp
from tests.portal.conftest import svg_parsed

START = datetime(2026, 3, 28, 12, tzinfo=UTC)
END = START + timedelta(days=1)
TEN = timedelta(minutes=10)
LIMITS = Limits(
    Quantity.LEVEL, {Degree.VIGILANCE: 175.0, Degree.READINESS: 178.0, Degree.EMERGENCY: 240.0}, "x", date(2026, 1, 1)
)

SAMPLES = st.lists(
    st.builds(
        SampleView, st.integers(0, 1439).map(lambda m: START + timedelta(minutes=m)), st.none() | st.floats(-500, 2000),
        st.sampled_from([int(flag) for flag in Flag]), st.just("spike"), st.booleans(),
    ),
    max_size=60, unique_by=lambda sample: sample.observed_at,
).map(lambda samples: sorted(samples, key=lambda sample: sample.observed_at))  # fmt: skip


def plot(samples: list[SampleView], quantity: Quantity = Quantity.LEVEL, limits: Limits | None = LIMITS) -> Plot:
    return Plot(quantity, "cm", samples, limits, START, END, TEN, Language.CS)


def drawn(texts: Texts, it: Plot, width: int = 900) -> Any:
    text = hydrograph.svg(
        it,
        width,
        350,
        title="<&\"'>",
        description="]]>",
        say=lambda key, **places: texts.say(Language.CS, key, **places),
    )
    return svg_parsed(text)


@given(
    samples=SAMPLES, quantity=st.sampled_from([Quantity.LEVEL, Quantity.DISCHARGE, Quantity.RAIN]), wide=st.booleans()
)
@settings(max_examples=300, deadline=None)
def test_it_is_well_formed_and_stays_in_its_frame(
    texts: Texts, samples: list[SampleView], quantity: Quantity, wide: bool
) -> None:
    width = 900 if wide else 360
    tree = drawn(texts, plot(samples, quantity, LIMITS if quantity is Quantity.LEVEL else None), width)
    text = etree.tostring(tree).decode()
    assert "nan" not in text
    assert "inf" not in text
    for path in tree.xpath("//*[@class='water']/@d"):
        points = [tuple(map(float, point.split(","))) for point in path[1:].split("L")]
        assert all(0 <= x <= width and 0 <= y <= 350 for x, y in points)
        assert [x for x, _ in points] == sorted(x for x, _ in points)


@given(samples=SAMPLES)
@settings(max_examples=300, deadline=None)
def test_no_line_crosses_a_gap_or_touches_a_doubt(texts: Texts, samples: list[SampleView]) -> None:
    good = [s for s in samples if s.value is not None and s.flag not in {Flag.SUSPECT, Flag.FAIL}]
    tree = drawn(texts, plot(samples))
    gaps = sum(b.observed_at - a.observed_at > 2.5 * TEN for a, b in pairwise(good))
    assert len(tree.xpath("//*[@class='water'] | //*[@class='lone']")) == (gaps + 1 if good else 0)
    assert len(tree.xpath("//*[@class='suspect']")) == sum(s.value is not None and s not in good for s in samples)
    facts = hydrograph.facts(plot(samples))
    assert facts.gaps == gaps
    if good:
        assert facts.highest is not None
        assert facts.highest.value == max(s.value for s in good if s.value is not None)


def test_a_peak_of_a_minute_survives_thinning(texts: Texts) -> None:
    samples = [
        SampleView(START + timedelta(minutes=m), 500.0 if m == 733 else 100.0, 1, "", late=False) for m in range(1440)
    ]
    tree = drawn(texts, Plot(Quantity.LEVEL, "cm", samples, None, START, END, timedelta(minutes=1), Language.CS), 360)
    path = tree.xpath("//*[@class='water']/@d")[0]
    heights = [float(point.split(",")[1]) for point in path[1:].split("L")]
    assert min(heights) < max(heights) - 200
    assert len(heights) < 1440


def test_rain_hangs_before_its_stamp(texts: Texts) -> None:
    sample = SampleView(START + timedelta(hours=12), 4.0, 1, "", late=False)
    tree = drawn(texts, plot([sample], Quantity.RAIN, None), 900)
    left, right = re.findall(r"[MH]([\d.]+)", tree.xpath("//*[@class='rain']/@d")[0])
    assert float(right) == 44 + (900 - 44 - 20) / 2
    assert float(left) < float(right)


def test_limits_stand_apart_and_say_their_value(texts: Texts) -> None:
    tree = drawn(texts, plot([SampleView(START + TEN, 190.0, 1, "", late=False)]))
    labels = tree.xpath("//*[@class='limittext']")
    heights = sorted(float(label.get("y")) for label in labels)
    assert all(b - a >= 14 for a, b in pairwise(heights))
    assert "SPA 1" in "".join(labels[0].itertext())
    assert "175" in "".join(labels[0].itertext())


def test_the_two_limits_above_the_water_are_always_in_sight() -> None:
    low, high = value_range([50.0], [175.0, 210.0, 240.0, 360.0], from_zero=False)
    assert low < 50
    assert 210 < high < 240
    assert value_range([], [], from_zero=False) == (0.0, 1.0)
    assert value_range([0.0, 0.0], [], from_zero=True) == (0.0, 0.5)
    assert value_ticks(0.0, 100.0, 5) == [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    assert apart([100.0, 98.0, 97.0, 20.0], 14) == [100.0, 86.0, 72.0, 20.0]


EVERY_THREE_HOURS = ["00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "00:00"]


def test_hours_are_those_of_the_wall_on_both_clock_changes() -> None:
    spring = time_ticks(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC), 3)
    assert [clock(tick) for tick in spring] == EVERY_THREE_HOURS
    assert spring[1] - spring[0] == timedelta(hours=2)
    autumn = time_ticks(datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC), 3)
    assert [clock(tick) for tick in autumn] == EVERY_THREE_HOURS
    assert autumn[1] - autumn[0] == timedelta(hours=4)


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert (clock(first), clock(second)) == ("02:30 CEST", "02:30 CET")
    assert clock(datetime(2026, 10, 25, 2, 0, tzinfo=UTC)) == "03:00"
    assert clock(datetime(2026, 3, 29, 0, 59, tzinfo=UTC)) == "01:59"
    assert clock(datetime(2026, 3, 29, 1, 0, tzinfo=UTC)) == "03:00"


def test_moments_and_numbers_as_people_read_them() -> None:
    now = datetime(2026, 7, 14, 22, 30, tzinfo=UTC)
    assert short_stamp(now, now, Language.CS) == "00:30", "half past midnight of the next local day is today"
    assert short_stamp(now - timedelta(hours=1), now, Language.CS) == "14.\N{NO-BREAK SPACE}7. 23:30"
    assert short_stamp(now - timedelta(days=400), now, Language.EN).endswith("2025 00:30")
    assert number(-0.2, Quantity.LEVEL, Language.CS) == "0"
    assert number(-85.0, Quantity.LEVEL, Language.DE) == "−85"
    assert number(1.236, Quantity.DISCHARGE, Language.PL) == "1,24"
    assert number(12.36, Quantity.DISCHARGE, Language.EN) == "12.4"
    assert duration(timedelta(minutes=200)).replace("\N{NO-BREAK SPACE}", " ") == "3 h 20 min"
    assert duration(timedelta(hours=52)).replace("\N{NO-BREAK SPACE}", " ") == "2 d 4 h"
    assert duration(timedelta(minutes=-3)).startswith("0")
