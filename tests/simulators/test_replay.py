"""Recorded floods: reading, limits, and that servers, station files and hindcast hold the same values."""

import base64
import csv
import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from floodcore.network.load import check, read
from floodcore.words import Degree, Quantity
from hladina import judged
from simulators import payloads, records, replay
from simulators.records import RecordsError

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data" / "floods_dev"
START = datetime(2031, 5, 1, tzinfo=UTC)
META = (
    "station_id,station_name,river,group,role,unit,lat,lon,area_km2,order_downstream,step_min,n,n_missing,t0,t1,"
    "vmin,vmedian,vmax,thresholds,threshold_source,source_repo,source_path,licence,note"
)


def stamp(minutes: int) -> str:
    return (START + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


@pytest.fixture
def floods(tmp_path: Path) -> Path:
    """Two gauges and a rain gauge of an invented brook, 40 hours at 30 minutes, a flood in the middle."""
    folder = tmp_path / "floods"
    (folder / "events").mkdir(parents=True)
    (folder / "records").mkdir()
    rows = ["event_id,station_id,station_name,river,role,timestamp,value,unit"]
    for index in range(80):
        wave = max(0.0, 1.0 - abs(index - 56) / 8.0)
        low = "" if index == 10 else f"{0.5 + 2.0 * wave:.4f}"
        rows.append(f"brook_1,LOW,Low Mill,Brook,level,{stamp(30 * index)},{low},m")
        rows.append(f"brook_1,TOP,Top Mill,Brook,upstream,{stamp(30 * index)},{0.2832080000000001 + wave},m")
        rows.append(f"brook_1,RAIN,Hill,,rain,{stamp(30 * index)},{0.4 if 40 < index < 50 else 0},mm/15min")
    (folder / "events" / "brook_1.csv").write_text("\n".join(rows) + "\n")
    (folder / "stations_meta.csv").write_text(
        f"{META}\n"
        f"LOW,Low Mill,Brook,g,level,m,43.2,2.9,200,2,30,80,1,{stamp(0)},{stamp(2400)},0.5,0.5,2.5,,,repo,,PD,\n"
        f"TOP,Top Mill,Brook,g,level,m,43.4,2.7,,1,30,80,0,{stamp(0)},{stamp(2400)},0.28,0.2832,1.2832,"
        '"{""hT"": 1.2}",FEV,repo,,PD,\n'
        f"RAIN,Hill,,g,rain,mm/15min,,,,,30,80,0,{stamp(0)},{stamp(2400)},0,0,0.4,,,repo,,PD,\n"
    )
    return folder


def test_limits_are_parts_of_the_way_from_median_to_peak(floods: Path) -> None:
    series = {each.station_id: each for each in records.read(floods, "brook_1")}
    assert series["LOW"].limits == {1: 100.0, 2: 150.0, 3: 200.0}
    assert series["TOP"].limits[4] == 120.0
    assert series["RAIN"].limits == {}
    assert series["TOP"].points[0] == (START, 28.3208)
    assert dict(series["LOW"].points)[START + timedelta(hours=5)] is None


def test_a_long_record_gives_its_own_quantiles(floods: Path) -> None:
    text = (floods / "stations_meta.csv").read_text().replace(f"{stamp(2400)},0.5,0.5,2.5", "2031-12-30T00:00:00Z,,,")
    (floods / "stations_meta.csv").write_text(text)
    rows = [f"LOW,{stamp(15 * i)},{i / 1000:.3f},m,level" for i in range(1000)]
    with gzip.open(floods / "records" / "g.csv.gz", "wt") as file:
        file.write("station_id,timestamp,value,unit,role\n" + "\n".join(rows) + "\n")
    series = {each.station_id: each for each in records.read(floods, "brook_1")}
    assert series["LOW"].limits == {1: 90.0, 2: 97.0, 3: 99.5}


def test_the_station_files_are_a_network_without_faults(floods: Path, tmp_path: Path) -> None:
    made = replay.prepare(floods, "brook_1", tmp_path / "out", ROOT / "station_configs")
    checked = check(made.stations)
    assert checked.faults == ()
    network = read(made.stations)
    low = network.stations["LOW"]
    limits = low.limits_of(Quantity.LEVEL)
    assert limits is not None
    assert dict(limits.values) == {Degree.VIGILANCE: 100.0, Degree.READINESS: 150.0, Degree.EMERGENCY: 200.0}
    assert low.upstream == ("TOP",)
    assert low.synthetic
    kinds = {key: [link.kind for link in station.links] for key, station in network.stations.items()}
    assert kinds == {"LOW": ["chmu"], "TOP": ["push"], "RAIN": ["push"]}
    assert low.lat is not None
    assert 50.0 < low.lat < 51.5
    assert len(network.partners) == len(read(ROOT / "station_configs").partners)


def test_the_clock_starts_before_the_first_crossing_and_no_value_is_out_of_sight(floods: Path, tmp_path: Path) -> None:
    made = replay.prepare(floods, "brook_1", tmp_path / "out", ROOT / "station_configs")
    reached = replay.crossing(records.read(floods, "brook_1"))
    assert reached == START + timedelta(hours=25)
    assert made.start <= reached - timedelta(hours=1)
    assert made.start - made.begin < timedelta(hours=24)
    assert made.end == START + timedelta(hours=39, minutes=30)


def test_servers_and_hindcast_are_fed_the_same_values(floods: Path, tmp_path: Path) -> None:
    made = replay.prepare(floods, "brook_1", tmp_path / "out", ROOT / "station_configs")
    with made.readings.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == {"station_id", "timestamp", "value", "unit", "role"}
    written = {(r["station_id"], r["timestamp"]): float(r["value"]) if r["value"] else None for r in rows}
    served = {
        (feed.station_id, sample.at.isoformat().replace("+00:00", "Z")): sample.value
        for feed in replay.feeds(made.readings, read(made.stations))
        for sample in feed.samples
    }
    assert served == written
    assert written["TOP", stamp(30 * 56)] == 128.3208
    stations = {each["id"]: each for each in yaml.safe_load(made.hindcast_stations.read_text())}
    assert stations["LOW"]["thresholds"] == {1: 100.0, 2: 150.0, 3: 200.0}
    assert stations["LOW"]["rain_gauges"] == ["RAIN"]
    assert (stations["LOW"]["quantity"], stations["LOW"]["unit"]) == ("level", "cm")


def test_runoff_becomes_discharge() -> None:
    assert records.runoff(0.9, 2.0) == 2.0


@pytest.mark.parametrize(
    ("event", "words"),
    [("other", "no event 'other'"), ("naive", "without UTC"), ("unit", "unknown unit"), ("columns", "not a recorded")],
)
def test_what_cannot_be_used_is_said_in_one_line(floods: Path, event: str, words: str) -> None:
    head = "event_id,station_id,station_name,river,role,timestamp,value,unit\n"
    (floods / "events" / "naive.csv").write_text(head + "naive,LOW,L,B,level,2031-05-01T00:00:00,1.0,m\n")
    (floods / "events" / "unit.csv").write_text(head + "unit,LOW,L,B,level,2031-05-01T00:00:00Z,1.0,furlong\n")
    (floods / "events" / "columns.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RecordsError, match=words) as caught:
        records.read(floods, event)
    assert "\n" not in str(caught.value)


def test_an_empty_folder_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="recorded floods"):
        records.events(tmp_path)


@pytest.mark.skipif(not REAL.is_dir(), reason="the recorded floods are not on this machine")
def test_every_recorded_event_becomes_a_network_without_faults(tmp_path: Path) -> None:
    names = [path.stem for path in sorted((REAL / "events").glob("*.csv"))]
    assert records.events(REAL)[0] in names
    for name in names:
        made = replay.prepare(REAL, name, tmp_path / name, ROOT / "station_configs")
        assert check(made.stations).faults == (), name
        assert made.begin <= made.start < made.end


def test_the_gauges_take_turns_at_the_three_ways_in() -> None:
    points = tuple((START + timedelta(minutes=10 * i), 50.0 + 0.1 * i) for i in range(10))

    def series(name: str, quantity: Quantity, values: tuple[tuple[datetime, float | None], ...]) -> records.Series:
        return records.Series(name, name, "R", quantity, values, {}, timedelta(), None, None, None, None, "")

    feet = tuple((at, 30.48 * (value or 0.0)) for at, value in points)
    gap = ((START, None), *points[1:])
    tall = ((START, 0.0), (START + timedelta(minutes=10), 980.0))
    odd = {"feet": feet, "gap": gap, "tall": tall}
    for name, values in {"plain": points, **odd}.items():
        found = replay.doors(
            [
                series("c", Quantity.LEVEL, points),
                series("b", Quantity.LEVEL, values),
                series("a", Quantity.DISCHARGE, points),
                series("d", Quantity.LEVEL, points),
                series("0", Quantity.RAIN, points),
            ]
        )
        assert found == {"0": "push", "a": "chmu", "b": "push" if name in odd else "tts", "c": "push", "d": "chmu"}


def test_what_a_distance_sensor_says_is_the_record_to_the_last_digit(tmp_path: Path, floods: Path) -> None:
    text = (floods / "events" / "brook_1.csv").read_text()
    lines = [line for line in text.splitlines() if ",LOW," in line and not line.endswith(",,m")]
    third = [line.replace("LOW,Low Mill", f"{name},{name}") for name in ("LOX", "LOZ") for line in lines]
    (floods / "events" / "brook_1.csv").write_text("\n".join([text.rstrip(), *third]) + "\n")
    made = replay.prepare(floods, "brook_1", tmp_path / "out", ROOT / "station_configs")
    network = read(made.stations)
    assert [link.kind for link in network.stations["LOX"].links] == ["tts"]
    (feed,) = [feed for feed in replay.feeds(made.readings, network) if feed.station_id == "LOX"]
    messages = payloads.uplinks(feed)
    assert len(messages) > 50
    for sample, message in messages:
        uplink = json.loads(message)["uplink_message"]
        raw = base64.b64decode(uplink["frm_payload"])
        assert feed.zero_cm is not None
        assert round(feed.zero_cm - int.from_bytes(raw[2:4], "big") / 10, 4) == sample.value
        assert uplink["received_at"] == f"{sample.at:%Y-%m-%dT%H:%M:%S}.000000000Z"


def test_the_interval_of_the_network_is_the_one_the_hindcast_finds(floods: Path, tmp_path: Path) -> None:
    made = replay.prepare(floods, "brook_1", tmp_path / "out", ROOT / "station_configs")
    network = read(made.stations)
    with made.readings.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for station in ("LOW", "TOP"):
        at = [datetime.fromisoformat(row["timestamp"]) for row in rows if row["station_id"] == station]
        assert network.stations[station].interval == judged.interval(at) == replay.usual_step(at)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"station_id,timestamp,value,unit\nLOW,noon,1,cm\n", b"a,b\n1,2\n"]
)
def test_readings_that_are_none_are_refused_in_one_line(floods: Path, tmp_path: Path, content: bytes) -> None:
    made = replay.prepare(floods, "brook_1", tmp_path / "out", ROOT / "station_configs")
    (tmp_path / "r.csv").write_bytes(content)
    with pytest.raises(RecordsError, match="not the readings of a replay"):
        replay.feeds(tmp_path / "r.csv", read(made.stations))
    with pytest.raises(RecordsError, match="cannot be read"):
        replay.feeds(tmp_path / "none.csv", read(made.stations))


def test_a_broken_record_and_a_closed_folder_are_one_line(floods: Path, tmp_path: Path) -> None:
    (floods / "events" / "bytes.csv").write_bytes(b"\xff" * 100)
    (floods / "records" / "cut.csv.gz").write_bytes(gzip.compress(b"x" * 1000)[:20])
    for event in ("bytes", "cut"):
        with pytest.raises(RecordsError, match="not a CSV file of recorded floods"):
            records.read(floods, event)
    (tmp_path / "file").touch()
    with pytest.raises(RecordsError, match="choose another folder"):
        replay.prepare(floods, "brook_1", tmp_path / "file", ROOT / "station_configs")
