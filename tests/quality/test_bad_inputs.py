"""Extracts of real faults beside the checkout: each is handled as its index expects. Skipped where they are not."""

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerting.engine import trend
from collectors.exports import decode, stations_of
from collectors.faults import DecodeError
from collectors.mounted import Heard
from floodcore.network.model import Column, Export, Link, Mounting, Names, Station
from floodcore.words import Degree, Flag, Quantity
from hladina.records import Record, read_readings
from hladina.station_list import Recorded
from scripts.quality_parts.faults import Sent
from scripts.quality_parts.fold import Outcome, run

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "bad_inputs"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the extracts are not beside the checkout")

TEN = timedelta(minutes=10)


def body(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def record(name: str, station: str) -> Record:
    """A level in metres by the reader of hindcasts."""
    return read_readings([FOLDER / name], {station: Recorded(station, Quantity.LEVEL, "m", {}, None)}).by_station[
        station
    ]


def outcome(
    at: Sequence[datetime], value: Sequence[float | None], limits: Mapping[int, float], step: timedelta = TEN
) -> Outcome:
    sent = [Sent(moment, moment, v, 0.0) for moment, v in zip(at, value, strict=True)]
    return run(sent, Quantity.LEVEL, step, {Degree(n): limit for n, limit in limits.items()})


def of(name: str, station: str, limits: Mapping[int, float]) -> tuple[Record, Outcome]:
    found = record(name, station)
    return found, outcome(found.at, found.value, limits)


def exported(name: str, export: Export, link: Link, quantity: Quantity = Quantity.LEVEL) -> Heard:
    station = Station("X", Names("X"), None, "CZ", "", (quantity,), TEN, links=(link,))
    return decode(body(name), export, stations_of({"X": station}, export.id))


def form(columns: tuple[Column, ...], time: str, zone: str, **more: object) -> Export:
    given = {"time_format": "iso", "separator": ",", **more}
    return Export("x", "csv", (time,), zone=zone, columns=columns, **given)  # type: ignore[arg-type]


def cells(name: str, **wanted: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if all(row[key] == value for key, value in wanted.items())]


def test_the_index_names_what_is_tested_here() -> None:
    tested = set(re.findall(r"[a-z_0-9]+\.(?:csv|txt)", Path(__file__).read_text(encoding="utf-8")))
    assert {row["file"] for row in cells("INDEX.csv")} <= tested


def test_two_numbers_in_a_cell_are_refused_and_the_others_stand() -> None:
    ea = form((Column("value", "level", "m"),), "dateTime", "stamp", station="stationReference")
    with_pipes = {row["stationReference"] for row in cells("ea_pipe_values.csv") if "|" in row["value"]}
    assert len(with_pipes) == 4
    for station in with_pipes:
        with pytest.raises(ValueError, match="no number"):
            exported("ea_pipe_values.csv", ea, Link("export", station, export="x"))
    sound = exported("ea_pipe_values.csv", ea, Link("export", "E1442", export="x"))
    assert len(sound.readings) == sum(
        row["value"] != "" for row in cells("ea_pipe_values.csv", stationReference="E1442")
    )
    assert sound.faults == []


def test_rows_that_stand_twice_are_stored_once_and_counted(tmp_path: Path) -> None:
    rows = cells("ea_duplicate_stamps.csv")
    station = rows[0]["stationReference"]
    table = tmp_path / "records.csv"
    lines = [
        f"{r['stationReference']},{r['dateTime']},{r['value']},m" for r in rows if r["stationReference"] == station
    ]
    table.write_text("\n".join(["station_id,timestamp,value,unit", *lines]) + "\n", encoding="utf-8")
    known = {station: Recorded(station, Quantity.LEVEL, "m", {}, None)}
    found = read_readings([table], known).by_station[station]
    times = {r["dateTime"] for r in rows if r["stationReference"] == station}
    assert len(found.at) == len(times)
    assert found.repeated == len(lines) - len(times) > 0
    assert found.contradictory == 0


def test_units_are_converted_by_their_column_and_an_unknown_one_is_refused() -> None:
    def told(unit: str) -> Heard:
        ea = form((Column("value", "level", unit),), "dateTime", "stamp", station="stationReference")
        return exported("ea_mixed_units.csv", ea, Link("export", "E72623", export="x"))

    rows = cells("ea_mixed_units.csv", stationReference="E72623")
    assert {row["unitName"] for row in rows} == {"mm"}
    assert [r.value for r in told("mm").readings] == [round(float(row["value"]) / 10.0, 4) for row in rows]
    with pytest.raises(ValueError, match="unknown unit"):
        told("furlong")


def test_a_gauge_lost_on_the_rise_keeps_its_degree_and_its_last_value() -> None:
    loser = form((Column("Caudal", "discharge", "m3/s"),), "Fecha", "+00:00", decimal=",")
    heard = exported("lost_on_the_rise.csv", loser, Link("export", export="x"), Quantity.DISCHARGE)
    values = [r.value for r in heard.readings if r.value is not None]
    assert max(values) > 2000.0
    rows = cells("lost_on_the_rise.csv")
    at = [datetime.fromisoformat(row["Fecha"]).replace(tzinfo=UTC) for row in rows]
    value = [float(row["Caudal"].replace(",", ".")) if row["Caudal"] else None for row in rows]
    sent = [Sent(moment, moment, v, 0.0) for moment, v in zip(at, value, strict=True)]
    limits = {Degree.VIGILANCE: 400.0, Degree.READINESS: 800.0, Degree.EMERGENCY: 1500.0}
    found = run(sent, Quantity.DISCHARGE, timedelta(minutes=5), limits)
    assert rows[-1]["Estado"] == "FALLO"
    assert found.degree[-1] is Degree.EMERGENCY
    assert found.falls == []
    assert {flag for flag, v in zip(found.flag, value, strict=True) if v is None} == {Flag.MISSING}


def test_zeros_for_missing_are_no_drop_and_their_end_is_no_rise() -> None:
    rows = cells("zero_as_missing.csv")
    at = [datetime.strptime(row["時刻"], "%Y/%m/%d %H:%M").replace(tzinfo=UTC) for row in rows]
    value = [100.0 * float(row["水位_水位"]) for row in rows]
    found = outcome(at, value, {1: 240.0, 2: 255.0})
    tests = {test for test, v in zip(found.test, value, strict=True) if v == 0.0}
    assert tests == {"zero"}
    assert [flag for flag, v in zip(found.flag, value, strict=True) if v != 0.0] == [Flag.GOOD] * (len(rows) - 4)
    assert len(found.rises) == 1  # the first readings are above the limit already


def test_an_outage_filled_with_zeros_is_not_the_end_of_the_flood() -> None:
    rows = cells("bigthompson_zero_fill.csv")
    at = [datetime.fromisoformat(row["date"]).replace(tzinfo=UTC) for row in rows]
    value = [30.48 * float(row["height_ft"]) for row in rows]
    found = outcome(at, value, {1: 200.0, 2: 250.0, 3: 300.0}, timedelta(minutes=15))
    assert value[-1] == 0.0
    assert found.degree[-1] is Degree.EMERGENCY
    assert found.falls == []
    usgs = form((Column("discharge_cfs", "discharge", "m3/s"),), "date", "+00:00", station="site_num")
    with pytest.raises(ValueError, match="no station that this export feeds"):
        exported("bigthompson_zero_fill.csv", usgs, Link("export", "06741510", export="x"), Quantity.DISCHARGE)


def test_a_wrecked_gauge_raises_no_alarm_after_the_real_one() -> None:
    _, found = of("wrecked_gauge.csv", "gauge A", {1: 100.0, 2: 150.0, 3: 200.0})
    assert [degree for _, degree in found.rises] == [Degree.EMERGENCY]
    assert found.falls == []


def test_the_same_false_value_again_and_again_is_rejected_and_the_flood_after_it_believed() -> None:
    known, found = of("repeated_spike.csv", "gauge B", {1: 0.0, 2: 20.0, 3: 50.0})
    false = min(v for v in known.value if v is not None)
    assert all(test != "" for test, v in zip(found.test, known.value, strict=True) if v == false)
    first, last = found.rises[0][0], found.rises[-1][0]
    assert (known.at[first], found.rises[-1][1]) == (datetime(2023, 2, 25, 8, 0, tzinfo=UTC), Degree.EMERGENCY)
    assert known.at[last] - known.at[first] <= timedelta(minutes=20)


def test_deep_false_values_in_a_flood_are_rejected_and_the_return_is_no_rise() -> None:
    known, found = of("minus_4m_spikes.csv", "gauge C", {1: 30.0, 2: 60.0, 3: 90.0})
    deep = [test for test, v in zip(found.test, known.value, strict=True) if v is not None and v < -200.0]
    assert deep
    assert "" not in deep
    assert found.rises == []


def test_switching_to_zero_and_back_is_no_rise() -> None:
    known, found = of("he_drop_to_zero.csv", "HE_Y0664040_2020b", {1: 66.0, 2: 70.0})
    assert {test for test, v in zip(found.test, known.value, strict=True) if v == 0.0} == {"zero"}
    assert found.rises == []


def test_one_zero_in_a_steady_series_is_rejected() -> None:
    known, found = of("single_zero.csv", "gauge D", {1: 215.0})
    assert [test for test, v in zip(found.test, known.value, strict=True) if v == 0.0] == ["zero"]
    assert [flag for flag, v in zip(found.flag, known.value, strict=True) if v != 0.0] == [Flag.GOOD] * (
        len(known.at) - 1
    )


def test_an_hour_that_all_gauges_lack_is_a_gap_and_nothing_is_put_in_it() -> None:
    stations = sorted({row["station_id"] for row in cells("ea_hour_hole_all_stations.csv", role="level")})
    holes = set()
    for station in stations:
        known, found = of("ea_hour_hole_all_stations.csv", station, {1: 500.0})
        gaps = [(a, b) for a, b in zip(known.at, known.at[1:], strict=False) if b - a > timedelta(minutes=15)]
        holes |= set(gaps)
        assert len(found.flag) == len(known.at)
        assert set(found.flag) == {Flag.GOOD}
    assert holes == {(datetime(2025, 8, 29, 23, 0, tzinfo=UTC), datetime(2025, 8, 30, 0, 0, tzinfo=UTC))}


def test_distance_becomes_a_level_by_configuration_only() -> None:
    logger = form(
        (Column("Range [cm]", "distance", "cm"),), "Time [UTC]", "UTC", time_format="%Y/%m/%d %H:%M:%S", skip_lines=1
    )
    hung = Link("export", export="x", mounted=(Mounting(None, "", 400.0),))
    heard = exported("logger_header_distance.txt", logger, hung)
    assert heard.readings[0].value == pytest.approx(400.0 - 367.0)
    with pytest.raises(DecodeError):
        exported("logger_header_distance.txt", logger, Link("export", export="x"))


def test_slopes_go_by_real_time_not_by_index() -> None:
    rows = cells("irregular_stamps.csv")
    at = [datetime.fromisoformat(row["Date"]).replace(tzinfo=UTC) for row in rows]
    value = [float(row["Qm3s"]) for row in rows]
    sent = [Sent(moment, moment, v, 0.0) for moment, v in zip(at, value, strict=True)]
    limits = {Degree.VIGILANCE: 50.0, Degree.READINESS: 100.0, Degree.EMERGENCY: 200.0}
    found = run(sent, Quantity.DISCHARGE, TEN, limits)
    assert all(flag is Flag.GOOD for flag in found.flag[1:])  # one value alone proves nothing
    assert [degree for _, degree in found.rises][:3] == [1, 2, 3]
    window = tuple((moment.timestamp(), v) for moment, v in zip(at[2:8], value[2:8], strict=True))
    (slope,) = trend.slopes_of([window])
    hours = (window[-1][0] - window[0][0]) / 3600.0
    assert slope == pytest.approx((window[-1][1] - window[0][1]) / hours, rel=0.2)
