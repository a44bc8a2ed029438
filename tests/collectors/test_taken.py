"""What is pushed to us: simulators with encoders of their own say what decoders must hear, on the two nights too."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors import (
    chirpstack,
    contract,
    exports,
    fiedler,
    hardwario,
    hooks,
    loggertexts,
    patrols,
    push,
    sensorthings,
    tts,
    uploads,
)
from collectors.faults import DecodeError
from collectors.radio import devices
from collectors.sensors.registry import registry
from floodcore.clock import Clock
from floodcore.network.model import Column, Export, Link, Mounting, Names, Network, Station
from floodcore.store.connect import Pool
from floodcore.words import Quantity, Reading
from simulators import files, networks, payloads, pushers, sensors, texts
from simulators.sample import Feed, Sample

if TYPE_CHECKING:
    from tests.collectors.conftest import Houses

Runs = Callable[[web.Application], AbstractAsyncContextManager[str]]
AUTUMN, SPRING = datetime(2026, 10, 24, 23, 0, tzinfo=UTC), datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
NIGHTS = [begin + timedelta(minutes=10 * n) for begin in (AUTUMN, SPRING) for n in range(24)]
LEVEL, RAIN = Quantity.LEVEL, Quantity.RAIN
ZERO = (Mounting(None, "", 1000.0),)
EUI = "0102030405060708"
UNITS = {"Hladina": "cm", "Srazky": "mm"}
FORM = Export("village", "csv", ("Datum", "Cas"), "%d.%m.%Y %H:%M", "Europe/Prague",
              (Column("H", "level", "cm"), Column("S", "rain", "mm")), "order", "Stanice", decimal=",",
              encoding="cp1250", missing=("", "-999"))  # fmt: skip


def station(link: Link) -> dict[str, Station]:
    return {
        "LK-1": Station("LK-1", Names("Most"), None, "CZ", "", tuple(Quantity), timedelta(minutes=10), links=(link,))
    }


def radio(kind: str, sensor: str) -> dict[str, Station]:
    return station(Link(kind, EUI, mounted=(Mounting(None, sensor, 1000.0, 0.0),)))


def _tts(level: float, rain: float, at: datetime) -> list[Reading]:
    raw = payloads.dragino_ldds(level, 1000.0)
    body = payloads.uplink(EUI, raw, 2, 17, Sample(at, level, at), jitter=0)
    return tts.readings(payloads.topic(EUI), body, devices(radio("tts", "dragino_ldds"), "tts"))


def _chirpstack(level: float, rain: float, at: datetime) -> list[Reading]:
    body = networks.chirpstack(EUI, sensors.milesight_udl(round(10_000 - level * 10)), 85, 0, at)
    known = devices(radio("chirpstack", "milesight_em500_udl"), "chirpstack")
    return chirpstack.uplink(networks.chirpstack_topic(EUI), body, known)[2].readings


def _hardwario(level: float, rain: float, at: datetime) -> list[Reading]:
    distance, fallen = Sample(at, round(10_000 - level * 10), at), Sample(at, rain, at)
    body = networks.hardwario(EUI, [distance], [fallen], at)
    return hardwario.posted(body, devices(station(Link("hardwario", EUI, mounted=ZERO)), "hardwario")).readings


def _sensorthings(level: float, rain: float, at: datetime) -> list[Reading]:
    known = sensorthings.streams(station(Link("sensorthings", "5", quantity="level", unit="cm")))
    return [sensorthings.published("v1.1/Datastreams(5)/Observations", networks.observation(level, at), known)]


def _push(level: float, rain: float, at: datetime) -> list[Reading]:
    found: list[Reading] = []
    for quantity, value in ((LEVEL, level), (RAIN, rain)):
        feed = Feed("LK-1", quantity, "push", "LK-1", "", None, timedelta(minutes=10), (Sample(at, value, at),))
        found += contract.pushed(_json(pushers.body(feed, feed.samples, 1, at)), "LK-1").readings
    return found


def _json(body: object) -> bytes:
    import json  # noqa: PLC0415

    return json.dumps(body).encode()


def _fiedler(level: float, rain: float, at: datetime) -> list[Reading]:
    body = files.dta("00123", 1, UNITS, [(at, (level, rain))])
    link = Link("fiedler", "00123", channels={"Hladina": "level", "Srazky": "rain"})
    return fiedler.decode(body, devices(station(link), "fiedler")).readings


def _export(level: float, rain: float, at: datetime) -> list[Reading]:
    known = exports.stations_of(station(Link("export", "LVS-1", export="village")), "village")
    utc = replace(FORM, zone="+01:00")
    return exports.decode(files.export(utc, [("LVS-1", at, (level, rain))]), utc, known).readings


def _sms(level: float, rain: float, at: datetime) -> list[Reading]:
    known = station(Link("sms", pattern=texts.PATTERN, zone="Europe/Prague"))
    return loggertexts.decode(texts.logger(level, rain, at), "LK-1", known, at + timedelta(minutes=1)).readings


def _patrol(level: float, rain: float, at: datetime) -> list[Reading]:
    return [patrols.decode(texts.patrol("LK-1", level), station(Link("patrol")), at)]


HEARD: dict[str, Callable[[float, float, datetime], list[Reading]]] = {
    "tts": _tts, "chirpstack": _chirpstack, "hardwario": _hardwario, "sensorthings": _sensorthings, "push": _push,
    "fiedler": _fiedler, "export": _export, "sms": _sms, "patrol": _patrol,
}  # fmt: skip
OFTEN_TWICE = {"sms"}  # the hour that comes twice is taken for the earlier there


@pytest.mark.shows("decoder", "tts", "push", "chirpstack", "hardwario", "sensorthings")
@pytest.mark.parametrize("name", sorted(HEARD))
@settings(max_examples=60, deadline=None)
@given(level=st.integers(0, 900), rain=st.integers(0, 300))
def test_what_a_simulator_says_is_heard(name: str, level: int, rain: int) -> None:
    at = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    found = {(r.quantity, r.value, r.observed_at) for r in HEARD[name](level, rain / 10, at)}
    assert (LEVEL, float(level), at) in found
    assert found <= {(LEVEL, float(level), at), (RAIN, rain / 10, at), (Quantity.BATTERY, 3.59, at),
                     (Quantity.BATTERY, 3.55, at)}  # fmt: skip


@pytest.mark.shows("dst", "tts", "chirpstack", "hardwario", "sensorthings", "push")
@pytest.mark.parametrize("name", sorted(HEARD))
def test_no_reading_moves_in_the_night_the_clocks_change(name: str) -> None:
    for at in NIGHTS:
        (level,) = (r for r in HEARD[name](123, 0.0, at) if r.quantity is LEVEL)
        if name in OFTEN_TWICE:
            assert timedelta(0) <= at - level.observed_at <= timedelta(hours=1)
        else:
            assert level.observed_at == at


@pytest.mark.parametrize("sensor", ["decentlab_mbx", "decentlab_lid", "decentlab_ctd10", "milesight_em500_udl",
                                    "dragino_ldds"])  # fmt: skip
@given(mm=st.integers(300, 9000))
def test_every_sensor_is_understood(sensor: str, mm: int) -> None:
    raw, port = {
        "decentlab_mbx": (sensors.decentlab_mbx(mm), 1),
        "decentlab_lid": (sensors.decentlab_lid(mm), 1),
        "decentlab_ctd10": (sensors.decentlab_ctd10(mm, 4.1), 1),
        "milesight_em500_udl": (sensors.milesight_udl(mm, [(AUTUMN, mm)]), 85),
        "dragino_ldds": (sensors.dragino_batch([mm, mm + 1, mm - 1, 0, mm]), 2),
    }[sensor]
    measures = registry()[sensor].decode(raw, port)
    assert getattr(measures[0].what, "mm") == mm  # noqa: B009  # distance or depth
    assert [each.at for each in measures if each.history] == ([AUTUMN] if sensor.startswith("milesight") else [])


@pytest.mark.parametrize("raw", [sensors.decentlab_mbx(0), sensors.decentlab_lid(3000, 900),
                                 sensors.decentlab_ctd10(100, -0.5, frozen=True), sensors.milesight_udl(0xFFFF),
                                 sensors.dragino_batch([0] * 20)])  # fmt: skip
def test_what_measured_nothing_says_nothing(raw: bytes) -> None:
    for name, port in (("decentlab_mbx", 1), ("decentlab_lid", 1), ("decentlab_ctd10", 1),
                       ("milesight_em500_udl", 85), ("dragino_ldds", 2)):  # fmt: skip
        with pytest.raises(ValueError, match=r".+"):
            registry()[name].decode(raw, port)


@pytest.mark.parametrize("sensor", ["decentlab_mbx", "decentlab_lid", "decentlab_ctd10", "milesight_em500_udl"])
def test_any_sensor_at_the_things_stack_is_heard_and_its_silence_too(sensor: str) -> None:
    height = -20.0 if sensor == "decentlab_ctd10" else 500.0
    at = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    samples = (Sample(at, 123.0, at), Sample(at, None, at), Sample(at, float("nan"), at))
    feed = Feed("LK-1", LEVEL, "tts", EUI, sensor, height, timedelta(minutes=10), samples)
    link = Link("tts", EUI, mounted=(Mounting(None, sensor, height, height),))
    known = devices(station(link), "tts")
    first, *nothing = (message for _, message in payloads.uplinks(feed))
    (level,) = (r for r in tts.readings(payloads.topic(EUI), first, known) if r.quantity is LEVEL)
    assert level.value == 123.0
    for message in nothing:
        with pytest.raises(DecodeError):
            tts.readings(payloads.topic(EUI), message, known)


_FORMATS = st.sampled_from(["iso", "unix", "unix_ms", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M"])


@settings(max_examples=300, deadline=None)
@given(
    layout=st.sampled_from(["csv", "json"]), form=_FORMATS, decimal=st.sampled_from([".", ","]),
    zone=st.sampled_from(["UTC", "+01:00", "-03:30", "Europe/Prague"]), separator=st.sampled_from([";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "cp1250", "utf-16"]), skip=st.integers(0, 3), two=st.booleans(),
    begin=st.sampled_from([AUTUMN, SPRING, datetime(2026, 11, 22, tzinfo=UTC)]),
    values=st.lists(st.none() | st.integers(-500, 9000).map(lambda n: n / 10), min_size=2, max_size=24),
)  # fmt: skip
def test_any_form_is_read_as_it_was_written(
    layout: str, form: str, decimal: str, zone: str, separator: str, encoding: str, skip: int, two: bool,
    begin: datetime, values: list[float | None],
) -> None:  # fmt: skip
    """Columns, separators, decimal signs, encodings, formats and zones, over both nights: not one reading moves."""
    time = ("Datum", "Cas") if two and " " in form and layout == "csv" else ("t.stamp",)
    export = Export("x", layout, time, form, zone, (Column("v.level", "level", "mm"),), "order", "site",
                    rows="data.items" if skip else ".", encoding=encoding, separator=separator, decimal=decimal,
                    skip_lines=skip, missing=("", "-", "-999"))  # fmt: skip
    rows = [("LVS-1", begin + timedelta(minutes=10 * n), (value,)) for n, value in enumerate(values)]
    known = exports.stations_of(station(Link("export", "LVS-1", export="x")), "x")
    found = exports.decode(files.export(export, rows), export, known)
    assert found.faults == []
    said = [(at, round(value / 10, 4)) for _, at, (value,) in rows if value is not None and value != -999]
    assert [(r.observed_at, r.value) for r in found.readings] == said


async def test_devices_of_every_way_push_into_a_house_and_all_of_it_is_stored(
    houses: "Houses", application_runs: Runs, pool: Pool
) -> None:
    """The simulators' own clients against the real addresses, with a key of its own for each."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    moments = [start + timedelta(minutes=10 * n) for n in range(6)]
    links = {
        "push": Link("push"),
        "hardwario": Link("hardwario", "2999000001", mounted=(Mounting(None, "", 500.0),)),
        "chirpstack": Link("chirpstack", EUI, mounted=(Mounting(None, "milesight_em500_udl", 500.0),)),
        "sensorthings": Link("sensorthings", "5", quantity="level", unit="cm"),
        "fiedler": Link("fiedler", "00123", channels={"Hladina": "level"}),
    }
    network = {way: replace(station(link)["LK-1"], id=way) for way, link in links.items()}
    keys = {name: f"key of {name}" for name in (*network, "hardwario", "chirpstack")}
    house = replace(houses(ingest_keys=keys), network=Network(stations=network))
    feeds = [
        Feed(way, LEVEL, way, link.address or way, link.mountings[0].sensor, 500.0, timedelta(minutes=10),
             tuple(Sample(at, 100.0 + n, at) for n, at in enumerate(moments)))
        for way, link in links.items()
    ]  # fmt: skip
    application = web.Application()
    application.add_routes([*push.routes(house), *hooks.routes(house), *uploads.routes(house)])
    async with application_runs(application) as url:
        await pushers.push(url, feeds, keys, Clock(), start)
    async with pool.connection() as conn:
        statement = "SELECT station_id, source, value, observed_at FROM observation JOIN series USING (series_id)"
        found = set(await (await conn.execute(f"{statement} WHERE quantity = 'level'")).fetchall())
        assert found == {(way, way, 100.0 + n, at) for way in links for n, at in enumerate(moments)}
        assert await (await conn.execute("SELECT * FROM quarantine")).fetchall() == []
