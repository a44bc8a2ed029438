"""What every polled source must stand: its fixture, its simulator, the two nights of the clock."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.catalogue import CATALOGUE, POLLED
from collectors.faults import DecodeError
from collectors.source import Ask, Decoded
from floodcore.clock import Clock
from floodcore.words import Quantity
from simulators.open_data import SHAPES, OpenData
from simulators.sample import Feed, Sample, grid
from simulators.shapes import PUBLIC

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = sorted(CATALOGUE)
BY_NAME = {polled.name: polled for polled in POLLED}
SHAPED = sorted(set(SHAPES) - {"chmu_cap", "lhp"})  # those with readings
LEVEL, FLOW, RAIN, WARM = Quantity.LEVEL, Quantity.DISCHARGE, Quantity.RAIN, Quantity.WATER_TEMPERATURE
NIGHT = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)

Row = tuple[Quantity, float, float]


def at(minutes: float) -> datetime:
    return NIGHT + timedelta(minutes=minutes)


BOARD: list[Row] = [(LEVEL, -10, 110), (LEVEL, 0, 112), (FLOW, 10, 4.45), (LEVEL, 20, 118), (FLOW, 20, 4.61)]
# Quantity, minutes after 23:00 UTC of 22 November 2026, value in the canonical unit; then how many faults.
SAID: dict[str, tuple[list[Row], int]] = {
    "chmu": ([(LEVEL, 0, 112.0), (LEVEL, 20, 0.0), (FLOW, 0, 4.31), (WARM, 0, -0.2)], 0),
    "chmu_rain": ([(RAIN, 60, 0.0), (RAIN, 70, 1.7)], 1),
    "hpps": (
        [(LEVEL, -10, 110.0), (WARM, -10, 4.0), (LEVEL, 0, 112.0), (FLOW, 0, 4.31), (WARM, 0, 4.0),
         (FLOW, 10, 4.45), (LEVEL, 20, 118.0), (FLOW, 20, 4.61), (WARM, 20, 3.9)],
        0,
    ),
    "povodi_labe": (BOARD, 1),
    "povodi_ohre": (BOARD, 1),
    "saxony": ([(LEVEL, 15, -7.0), (FLOW, 15, 12.4)], 0),
    "saxony_rss": ([(LEVEL, 15, 33.0), (FLOW, 15, 0.187), (LEVEL, 0, 32.0), (FLOW, -15, 0.18)], 1),
    "imgw": ([(LEVEL, 10, -3.0), (FLOW, -29520, 4.31)], 0),
    "pegelonline": ([(LEVEL, 15, -7.0), (FLOW, 0, 212.0), (WARM, 0, 6.4)], 0),
    "hubeau": ([(LEVEL, 0, 123.4), (FLOW, 0, 187.0)], 1),
    "ea": ([(LEVEL, 0, 33.1), (FLOW, 0, 2.5), (RAIN, 0, 0.2)], 2),
}  # fmt: skip


def fixture(name: str) -> bytes:
    (path,) = FIXTURES.glob(f"{name}.*")
    return path.read_bytes()


@pytest.mark.shows("decoder")
@pytest.mark.parametrize("name", sorted(SAID))
def test_a_fixture_says_what_it_says(name: str) -> None:
    rows, faults = SAID[name]
    decoded = CATALOGUE[name].probe(fixture(name))
    assert isinstance(decoded, Decoded)
    assert [(r.quantity, r.observed_at, r.value) for r in decoded.readings] == [(q, at(m), v) for q, m, v in rows]
    assert len(decoded.faults) == faults, decoded.faults


def test_every_polled_source_is_looked_at() -> None:
    assert set(SAID) | {"chmu_cap", "lhp"} == set(BY_NAME)
    assert set(SHAPES) | {"chmu"} == set(BY_NAME)
    assert set(SHAPES) - {"chmu_cap"} == PUBLIC


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_what_a_source_reads_is_what_it_says_it_offers(name: str) -> None:
    decoded = CATALOGUE[name].probe(fixture(name))
    assert isinstance(decoded, Decoded)
    offered = {offer.quantity for offer in CATALOGUE[name].offers}
    assert {reading.quantity for reading in decoded.readings} <= offered


# --- simulators: an encoder of its own says what the decoder must hear ---


def feeds(name: str, moments: Sequence[datetime]) -> list[Feed]:
    """A level, a flow, a warmth and a rain with values that differ from step to step."""
    address = "1-307" if name.startswith("povodi") else "660160"
    made = {
        LEVEL: [100.0 + i for i in range(len(moments))],
        FLOW: [1.5 + i / 4 for i in range(len(moments))],
        WARM: [4.0 + i / 10 for i in range(len(moments))],
        RAIN: [i / 5 for i in range(len(moments))],
    }
    offered = {offer.quantity for offer in CATALOGUE[name].offers}
    return [
        Feed(address, q, name, address, "", None, timedelta(minutes=15),
             tuple(Sample(m, v, m) for m, v in zip(moments, made[q], strict=True)))
        for q in made
        if q in offered
    ]  # fmt: skip


def heard(name: str, made: Sequence[Feed], now: datetime) -> set[tuple[Quantity, datetime, float | None]]:
    server, polled = OpenData(Clock()), BY_NAME[name]
    server.show(made)
    address = made[0].address
    found = set()
    for ask in polled.asks({address: "here"}, now):
        day = f"{now:%Y%m%d}" if name == "chmu_rain" else ""
        body = server.body(name, address if SHAPES[name].about else "", now, day)
        assert body is not None
        decoded = polled.decode(body, ask, now)
        assert decoded.faults == ()
        found |= {(r.quantity, r.observed_at, r.value) for r in decoded.readings}
    return found


def told(made: Sequence[Feed], now: datetime) -> set[tuple[Quantity, datetime, float | None]]:
    return {(feed.quantity, s.at, s.value) for feed in made for s in feed.samples if s.at <= now}


@pytest.mark.shows("decoder")
@pytest.mark.parametrize("name", SHAPED)
def test_the_simulator_is_understood(name: str) -> None:
    moments = list(grid(at(120), at(300), timedelta(minutes=15)))
    made = feeds(name, moments)
    for now in moments:
        found = heard(name, made, now)
        newest = {(feed.quantity, now, s.value) for feed in made for s in feed.samples if s.at == now}
        assert newest <= found <= told(made, now)


CHANGES = {"spring": datetime(2026, 3, 29, 0, 0, tzinfo=UTC), "autumn": datetime(2026, 10, 24, 23, 0, tzinfo=UTC)}
TABLES = {"chmu_rain", "hpps", "povodi_labe", "povodi_ohre", "saxony_rss", "hubeau"}  # show more than the newest value


@pytest.mark.shows("dst", "chmu_rain", "hpps", "povodi_labe", "povodi_ohre", "saxony", "saxony_rss", "imgw",
                   "pegelonline", "hubeau", "ea")  # fmt: skip
@pytest.mark.parametrize("change", sorted(CHANGES))
@pytest.mark.parametrize("name", SHAPED)
def test_no_reading_moves_in_the_night_the_clocks_change(name: str, change: str) -> None:
    begin = CHANGES[change]
    moments = list(grid(begin, begin + timedelta(hours=4), timedelta(minutes=15)))
    made = feeds(name, moments)
    for now in moments:
        found = heard(name, made, now)
        if name == "imgw":
            # a stamp alone, without an offset: never later than the truth, at most an hour earlier
            for quantity, moment, value in found:
                ((true, _),) = [
                    (s.at, s) for f in made if f.quantity is quantity for s in f.samples if s.value == value
                ]
                assert timedelta(0) <= true - moment <= timedelta(hours=1)
                assert true == moment or change == "autumn"
        else:
            assert found <= told(made, now)
        if name in TABLES and name != "chmu_rain":
            assert found == told(made, now)


@pytest.mark.shows("dst", "lhp")
def test_a_class_alone_in_the_repeated_hour_is_never_fresher_than_it_is() -> None:
    server, polled = OpenData(Clock()), BY_NAME["lhp"]
    for moment in grid(CHANGES["autumn"], CHANGES["autumn"] + timedelta(hours=4), timedelta(minutes=15)):
        samples = (Sample(moment, 100.0, moment),)
        server.show([Feed("g", LEVEL, "lhp", "SN_1", "", None, timedelta(minutes=15), samples)])
        body = server.body("lhp", "", moment)
        assert body is not None
        (grade,) = polled.decode(body, Ask("stations", "", {"SN_1": "g"}), moment).classes
        assert timedelta(0) <= moment - grade.at <= timedelta(hours=1)


@pytest.mark.shows("dst", "chmu")
def test_utc_stamps_of_the_two_nights_are_what_they_say() -> None:
    polled = BY_NAME["chmu"]
    for begin in CHANGES.values():
        moments = list(grid(begin, begin + timedelta(hours=4), timedelta(minutes=10)))
        rows = ",".join(f'{{"dt":"{m:%Y-%m-%dT%H:%M:%SZ}","value":{i}}}' for i, m in enumerate(moments))
        body = f'{{"objList":[{{"objID":"x","tsList":[{{"tsConID":"H","unit":"CM","tsData":[{rows}]}}]}}]}}'.encode()
        decoded = polled.decode(body, Ask("x", "", {"x": "here"}), moments[-1])
        assert [reading.observed_at for reading in decoded.readings] == moments


# --- hostile bytes: those of test_hostile, and these ---


@pytest.mark.shows("hostile")
@pytest.mark.parametrize("name", NAMES)
def test_depth_length_and_nothing_are_refused(name: str) -> None:
    probe = CATALOGUE[name].probe
    for body in (
        b"",
        b" \n",
        b"\xff\xfe",
        b"[" * 100_000,
        b"<a>" * 50_000,
        b"<table>" * 20_000,
        b'{"a":' * 50_000,
        b"null",
    ):
        with pytest.raises(DecodeError):
            probe(body)
