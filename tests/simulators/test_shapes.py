"""What the simulators say is what the collectors understand: two readings of the same descriptions must agree."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from collectors import chmu, contract, counters, tts
from floodcore.clock import Clock
from floodcore.network.load import read
from floodcore.words import Quantity
from simulators import pushers
from simulators.chmu_server import ChmuServer, metadata
from simulators.payloads import topic, uplinks
from simulators.sample import Feed, Sample

START = datetime(2030, 7, 1, 12, tzinfo=UTC)
TEN = timedelta(minutes=10)
NETWORK = read(Path(__file__).resolve().parents[2] / "station_configs")
levels = st.floats(-50.0, 379.0).map(lambda value: round(value, 1))


def feed(station_id: str, quantity: Quantity, values: list[float | None]) -> Feed:
    link = NETWORK.stations[station_id].links[0]
    samples = tuple(Sample(START + TEN * i, value, START + TEN * i) for i, value in enumerate(values))
    return Feed(station_id, quantity, link.kind, link.address, link.sensor, link.zero_cm, TEN, samples)


@given(st.lists(st.none() | levels, min_size=1, max_size=20))
def test_open_data(values: list[float | None]) -> None:
    server = ChmuServer(NETWORK, Clock())
    shown = feed("316000", Quantity.LEVEL, values)
    server.show([shown])
    body, _ = server.body(shown.address, START + TEN * 30)
    file = chmu.station_file(body, shown.address, "316000")
    assert file.faults == ()
    assert [(r.observed_at, r.value) for r in file.readings] == [
        (sample.at, sample.value) for sample in shown.samples if sample.value is not None
    ]


def test_open_data_that_is_no_number_spoils_only_itself() -> None:
    server = ChmuServer(NETWORK, Clock())
    shown = feed("316000", Quantity.LEVEL, [50.0, float("nan"), 52.0])
    server.show([shown])
    file = chmu.station_file(server.body(shown.address, START + TEN * 3)[0], shown.address, "316000")
    assert [reading.value for reading in file.readings] == [50.0, 52.0]
    assert len(file.faults) == 1


def test_metadata() -> None:
    stations = [s for s in NETWORK.stations.values() if any(link.kind == "chmu" for link in s.links)]
    profiles = chmu.profiles(json.dumps(metadata(stations, NETWORK, START)).encode())
    found = {profile.address: profile.limits for profile in profiles}
    for station in stations:
        limits = station.limits_of(Quantity.LEVEL)
        assert found[station.links[0].address] == ({} if limits is None else dict(limits.values))


@given(levels)
def test_distance_sensor(level: float) -> None:
    known = tts.devices(NETWORK.stations)
    device = feed("LK-DEMO-03", Quantity.LEVEL, [level])
    (message,) = uplinks(device)
    (reading,) = (r for r in tts.readings(topic(device.address), message[1], known) if r.quantity is Quantity.LEVEL)
    assert reading.value is not None
    assert abs(reading.value - level) < 0.05
    assert timedelta() <= reading.observed_at - START < timedelta(seconds=1)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=10))
def test_tipping_bucket(tips: list[int]) -> None:
    known = tts.devices(NETWORK.stations)
    gauge = feed("LK-DEMO-05", Quantity.RAIN, [count / 10 for count in tips])
    counts = [
        count for _, message in uplinks(gauge) for count in tts.uplink(topic(gauge.address), message, known)[2].counts
    ]
    rain = counters.fallen(counts, {}).readings
    assert [reading.value for reading in rain] == [count / 10 for count in tips[1:]]  # the first proves nothing


@given(st.lists(st.none() | levels, min_size=1, max_size=20))
def test_push(values: list[float | None]) -> None:
    logger = feed("LK-DEMO-07", Quantity.LEVEL, values)
    said = contract.pushed(json.dumps(pushers.body(logger, logger.samples, 0, START)).encode(), "LK-DEMO-07")
    assert said.rejected == () or all(value is None for value in (values[r.index] for r in said.rejected))
    assert [r.value for r in said.readings] == [value for value in values if value is not None]
