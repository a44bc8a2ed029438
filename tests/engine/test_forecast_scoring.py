"""The scorer itself: what the strict rules count."""

import numpy as np
import pytest

from tests.engine import scoring


def test_a_crossing_needs_three_hours_below() -> None:
    at = np.arange(0.0, 1000.0, 10.0)
    level = np.where((at >= 300.0) & (at < 330.0) | (at >= 400.0) & (at < 420.0) | (at >= 700.0), 10.0, 0.0)
    assert scoring.crossings(at, level, 5.0, 10.0) == [300.0, 700.0]
    keep = (at < 550.0) | (at > 580.0)
    assert scoring.crossings(at[keep], level[keep], 5.0, 10.0) == [300.0], "a gap breaks the three hours"


@pytest.mark.parametrize(
    ("warned", "leads", "false"),
    [
        ([460.0], [40.0], 0),
        ([430.0, 440.0], [70.0], 0),
        ([430.0], [], 1),
        ([385.0, 420.0, 450.0], [115.0], 0),
        ([370.0, 420.0, 450.0], [], 1),
        ([300.0, 370.0, 450.0], [50.0], 2),
        ([], [], 0),
    ],
)
def test_episodes(warned: list[float], leads: list[float], false: int) -> None:
    found = scoring.score([500.0], warned, 60.0)
    assert (found.leads, found.false) == (leads, false)


def test_warning_for_ever_scores_nothing() -> None:
    found = scoring.score([50_000.0], np.arange(0.0, 100_000.0, 10.0).tolist(), 60.0)
    assert found.false > 700
    assert found.csi < 0.01


def test_warning_at_the_last_moment_is_not_useful() -> None:
    found = scoring.score([500.0], [480.0], 60.0)
    assert (found.csi, found.csi_useful, found.pod30) == (1.0, 0.0, 0.0)


def test_a_return_of_the_water_is_no_crossing_and_no_lie() -> None:
    found = scoring.score([500.0], [490.0, 600.0], 60.0, [500.0, 640.0])
    assert (found.false, found.spent, found.passings) == (0, 1, 1)
    assert found.csi == 1.0
    assert found.csi_literal == 0.5
