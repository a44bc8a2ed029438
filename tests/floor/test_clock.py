"""The clock of the data: what a fast one may call settled."""

from datetime import UTC, datetime, timedelta

import pytest

from floodcore.clock import Clock

T0 = datetime(2031, 5, 1, tzinfo=UTC)


def test_on_the_wall_clock_all_that_came_is_settled_now() -> None:
    assert abs(Clock().settled() - datetime.now(UTC)) < timedelta(seconds=1)
    assert abs(Clock(T0, datetime.now(UTC), 1.0).settled() - T0) < timedelta(seconds=1)


@pytest.mark.parametrize(("speed", "minutes"), [(2.0, 5 / 60), (121.0, 10.0), (3601.0, 300.0)])
def test_a_fast_clock_gives_the_house_its_seconds(speed: float, minutes: float) -> None:
    clock = Clock(T0, datetime.now(UTC), speed)
    late = clock.now() - clock.settled()
    assert timedelta(minutes=minutes) - timedelta(seconds=0.1 * speed) <= late <= timedelta(minutes=minutes)


def test_a_slow_clock_is_never_ahead() -> None:
    clock = Clock(T0, datetime.now(UTC), 0.5)
    assert clock.settled() <= clock.now() + timedelta(seconds=1)
