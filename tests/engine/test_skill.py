"""The operator's skill table, its intervals, and the pictures."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from lxml import etree
from numpy.typing import NDArray

from alerting.engine.lifecycle import Reason, Transition
from floodcore.words import Degree
from hladina import foresight, plots, skill, skill_table
from hladina.foresight import Told
from hladina.judged import Heard
from hladina.skill import Case, Tally

Array = NDArray[np.float64]
T0 = datetime(2025, 5, 1, tzinfo=UTC)
STEP = 600.0


def moment(minute: float) -> float:
    return T0.timestamp() + 60.0 * minute


def story(
    value: list[float], warned: set[int], probability: float = 0.5, limit: float = 100.0
) -> tuple[Told, Heard, Array]:
    """A gauge every ten minutes, warned of at some readings at every horizon."""
    now: Array = moment(0) + STEP * np.arange(len(value), dtype=np.float64)
    stage = np.array(value)
    warn = np.zeros((len(value), 1, 4), dtype=np.bool_)
    warn[sorted(warned)] = True
    level = np.stack([np.tile(stage[:, None], (1, 4)) + each for each in (0.0, -5.0, 5.0)], axis=2)
    told = Told(
        now,
        (1,),
        np.full((len(value), 1), limit),
        stage,
        (stage < limit)[:, None],
        np.full((len(value), 1, 4), probability),
        np.full((len(value), 1, 4, 3), 0.5),
        level,
        warn,
    )
    return told, Heard(now.tolist(), value, now.tolist(), now.tolist(), [0] * len(value)), stage


def reached(*minutes: int) -> list[Transition]:
    found = []
    for minute in minutes:
        at = T0 + timedelta(minutes=minute)
        found.append(Transition(at, Degree.NONE, Degree(1), Reason.REACHED, at))
        found.append(Transition(at + timedelta(minutes=60), Degree(1), Degree.NONE, Reason.CALM, at))
    return found


def cases(tally: Tally, horizon: int) -> list[tuple[bool, float | None]]:
    return [(one.crossing, one.lead_min) for one in tally.cases if one.horizon == horizon]


def test_a_crossing_is_found_by_the_first_episode_that_lasts_to_within_the_horizon() -> None:
    value = [50.0] * 20 + [110.0] * 6 + [50.0] * 30
    found = skill.tally("A", *_args(value, {15, 16, 17, 18, 19}, reached(200)))
    assert cases(found, 60) == [(True, 50.0)]
    assert found.gauge_days == pytest.approx(55 / 144)
    early = skill.tally("A", *_args(value, {3, 4}, reached(200)))
    assert cases(early, 60) == [(False, None), (True, None)]
    assert cases(early, 180) == [(True, 170.0)]
    last = skill.tally("A", *_args(value, {54}, []))
    assert cases(last, 60) == [], "the record ends before it can be false"
    assert cases(last, 30) == []


def _args(
    value: list[float], warned: set[int], transitions: list[Transition]
) -> tuple[Told, list[Transition], Heard, Array]:
    told, heard, stage = story(value, warned)
    return told, transitions, heard, stage


def test_probabilities_are_counted_where_the_degree_is_open_and_the_end_is_known() -> None:
    value = [50.0] * 20 + [110.0] * 6 + [50.0] * 30
    found = skill.tally("A", *_args(value, set(), reached(200)))
    count, told, came, squared = found.bins[0, 1, 5]
    # 56 readings, 6 above, and the last six cannot be known for 60 min
    assert count == 56 - 6 - 6
    assert told == pytest.approx(0.5 * count)
    assert came == 6.0
    assert squared == pytest.approx(0.25 * count)
    assert found.bins[1, 1, 5, 0] == 20.0, "near are those before the crossing"


def test_persistence_has_the_error_of_persistence() -> None:
    value = [50.0 + 3.0 * i for i in range(40)]
    found = skill.tally("A", *_args(value, set(), reached(170)))
    count, own, still, outside = found.errors[1]
    assert own == pytest.approx(still)
    assert own == pytest.approx(count * 18.0**2)
    assert outside == count


def test_the_highest_ahead() -> None:
    at = np.array([0.0, 10.0, 20.0, 30.0])
    value = np.array([5.0, 9.0, 3.0, 4.0])
    assert skill.highest(at, value, np.array([0.0, 10.0, 25.0, 30.0]), 10.0).tolist() == [9.0, 3.0, 4.0, -np.inf]
    assert skill.highest(at, value, np.array([-20.0]), 100.0).tolist() == [9.0]


def test_a_warning_held_up_only_because_the_water_rises_has_no_time() -> None:
    told, _, _ = story([50.0, 51.0, 52.0], {1}, probability=0.01)
    told.hours[:] = np.nan
    found = list(foresight.rows(told))
    assert [(row.warn, row.expected) for row in found] == [(True, None)] * 4
    told.hours[:] = 0.5
    assert {row.expected for row in foresight.rows(told)} == {T0 + timedelta(minutes=40)}


def test_the_table_counts_and_draws_whole_events() -> None:
    far = 5 * 86_400.0
    tally = Tally(gauge_days=50.0)
    for event in range(4):
        tally.cases += [Case("A", 1, 60, event * far + i, crossing=True, lead_min=40.0) for i in range(3)]
        tally.cases.append(Case("B", 1, 60, event * far + 9.0, crossing=True, lead_min=None if event else 10.0))
        tally.cases.append(Case("B", 1, 60, event * far + 99.0, crossing=False, lead_min=None))
    row = next(line for line in skill_table.lines(tally) if line["horizon_min"] == "60")
    assert (row["crossings"], row["events"], row["pod"], row["far"]) == ("16", "4", "0.81", "0.24")
    assert (row["csi"], row["csi_useful"], row["pod_lead30"]) == ("0.65", "0.60", "0.75")
    assert row["median_lead_min"] == "40"
    assert row["false_per_100_gauge_days"] == "8.00"
    low, high = (float(end) for end in row["pod_90"].split("–"))
    assert 0.75 <= low <= 0.8125 <= high <= 1.0
    assert list(skill_table.lines(tally)) == list(skill_table.lines(tally)), "the draws are always the same"
    empty = next(skill_table.lines(Tally()))
    assert (empty["pod"], empty["csi"], empty["brier"], empty["level_rmse_ratio"]) == ("", "", "", "")


def test_reliability_rows() -> None:
    tally = Tally()
    tally.bins[0, 2, 7] = (10.0, 7.5, 6.0, 2.0)
    assert list(skill_table.reliability(tally)) == [("120", "all", "7", "0.750", "0.600", "10")]


@pytest.mark.parametrize("transitions", [reached(200), []], ids=["a flood", "warned in vain"])
def test_pictures_are_sound_and_show_the_warning(transitions: list[Transition]) -> None:
    value = [50.0] * 20 + [110.0] * 6 + [50.0] * 30
    told, heard, _ = story(value, {15, 16, 17})
    picture = plots.hydrograph("A <&> B", heard, told, (told.limits * 5.71, "m3/s"), transitions)
    root = etree.fromstring(picture.encode())
    words = " ".join(element.text or "" for element in root.iter())
    assert "A <&> B" in words
    assert "1: 571 m3/s" in words, "a discharge in its own unit, not as the stage that is foreseen"
    assert "expected from 2025-05-01 02:30 UTC" in words
    assert ("degree 1 from 2025-05-01 03:20 UTC" in words) == bool(transitions)
    etree.fromstring(plots.reliability(skill.tally("A", *_args(value, {15}, transitions)).bins).encode())


def test_a_long_record_keeps_its_peak_in_the_picture() -> None:
    values = np.zeros(100_000)
    values[54_321] = 7.0
    kept = plots._kept(values)
    assert kept.size <= 4000
    assert 54_321 in kept
