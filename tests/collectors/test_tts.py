"""Uplinks of The Things Stack, Dragino and Decentlab payloads, and anything at all."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors import tts
from collectors.faults import DecodeError
from collectors.mounted import Count
from collectors.radio import Device
from collectors.samples import Tips
from floodcore.network.model import Link, Mounting, Names, Network, Station
from floodcore.words import Quantity

LAVKA = Link("tts", "ldds-lavka", "dragino_ldds", 400.0)
KNOWN = {
    "ldds-lavka": Device(
        Station("lavka", Names("Lávka"), None, "CZ", "", (Quantity.LEVEL,), timedelta(minutes=10)),
        LAVKA,
        LAVKA.mountings,
    )
}
LDDS = bytes.fromhex("0e1004d200000000")  # 3600 mV, 1234 mm
TBRG = bytes.fromhex("02012f00030005025800030001") + bytes.fromhex("0bb1")


def uplink(device: str = "ldds-lavka", payload: bytes = LDDS, port: int = 2, **more: object) -> bytes:
    inner: dict[str, object] = {"received_at": "2026-11-22T23:00:00.123456789Z"}
    if port:
        inner["f_port"] = port
    if payload:
        inner["frm_payload"] = base64.b64encode(payload).decode()
    inner.update(more.pop("inner", {}))  # type: ignore[call-overload]
    ids = {"device_id": device, "application_ids": {"application_id": "invented"}, "dev_eui": "0000000000000000"}
    return json.dumps(
        {"end_device_ids": ids, "received_at": "2026-11-22T23:00:09Z", "uplink_message": inner} | more
    ).encode()


def topic(device: str = "ldds-lavka") -> str:
    return f"v3/invented@tenant/devices/{device}/up"


def test_distance_becomes_level_by_the_height_of_the_sensor(little_network: Network) -> None:
    (reading,) = tts.readings(topic(), uplink(), tts.devices(little_network.stations))
    assert (reading.station_id, reading.quantity, reading.value) == ("lavka", Quantity.LEVEL, 276.6)
    assert (reading.raw_value, reading.raw_unit) == (1234, "mm distance")
    assert reading.observed_at == datetime(2026, 11, 22, 23, 0, 0, 123457, tzinfo=UTC)


def test_time_of_the_application_server_is_second_choice(little_network: Network) -> None:
    known = tts.devices(little_network.stations)
    (reading,) = tts.readings(topic(), uplink(inner={"received_at": None}), known)
    assert reading.observed_at == datetime(2026, 11, 22, 23, 0, 9, tzinfo=UTC)


def test_tips_and_battery_of_the_tipping_bucket(little_network: Network) -> None:
    known = tts.devices(little_network.stations)
    device, frame, found = tts.uplink(topic("tbrg-hreben"), uplink("tbrg-hreben", TBRG), known)
    assert [(r.quantity, r.value, r.raw_value, r.raw_unit) for r in found.readings] == [
        (Quantity.BATTERY, 2.993, 2993, "mV"),
    ]
    tips = Tips(5, 600, 65536 + 3, "303")
    assert found.counts == [Count("hreben", "tts:tbrg-hreben:303", frame.at, tips, 0.1)]
    assert device.station.id == "hreben"


def test_a_changed_sensor_is_decoded_and_converted_by_the_one_of_its_time() -> None:
    day = datetime(2026, 11, 22, tzinfo=UTC)
    later = Mounting(datetime(2026, 11, 22, 22, 30, tzinfo=UTC), "milesight_em500_udl", 500.0)
    link = Link("tts", "ldds-lavka", mounted=(Mounting(day, "dragino_ldds", 400.0), later))
    known = {"ldds-lavka": Device(KNOWN["ldds-lavka"].station, link, link.mountings)}
    remembered = b"".join(
        bytes.fromhex("20ce") + int((day + timedelta(hours=h)).timestamp()).to_bytes(4, "little") + b"\xdc\x05"
        for h in (-1, 21, 22.75, 23.5)
    )
    _, _, found = tts.uplink(topic(), uplink(payload=bytes.fromhex("0382d204") + remembered, port=85), known)
    assert [(r.observed_at.hour, r.value, r.history) for r in found.readings] == [
        (23, 376.6, False),  # now, by the new sensor
        (21, 250.0, True),  # remembered, by the height of its own time
        (22, 350.0, True),
    ]
    assert [reason[:31] for reason in found.faults] == [
        "no mounting is configured for 2",
        "the device remembers a measure ",
    ]


def test_before_the_first_mounting_nothing_is_configured() -> None:
    link = Link("tts", "ldds-lavka", mounted=(Mounting(datetime(2026, 11, 23, tzinfo=UTC), "dragino_ldds", 400.0),))
    known = {"ldds-lavka": Device(KNOWN["ldds-lavka"].station, link, link.mountings)}
    with pytest.raises(DecodeError, match="no sensor of ldds-lavka is configured for 2026-11-22"):
        tts.readings(topic(), uplink(), known)


@pytest.mark.parametrize("distance", ["1234 mm", "1234", "1234mm", 1234, 1234.0])
def test_vendor_text_only_without_raw_bytes(little_network: Network, distance: object) -> None:
    known = tts.devices(little_network.stations)
    (reading,) = tts.readings(topic(), uplink(payload=b"", inner={"decoded_payload": {"Distance": distance}}), known)
    assert reading.value == 276.6
    (reading,) = tts.readings(topic(), uplink(inner={"decoded_payload": {"Distance": "999 mm"}}), known)
    assert reading.value == 276.6


@pytest.mark.parametrize(
    ("place", "payload", "reason"),
    [
        (topic(), uplink(simulated=True), "simulated"),
        (topic("ldds-holy"), uplink("ldds-holy"), "zero_cm"),
        (topic("nobody"), uplink("nobody"), "linked to no station"),
        (topic("ldds-lavka"), uplink("tbrg-hreben"), "came on the topic"),
        ("v3/a/devices/ldds-lavka/join", uplink(), "topic"),
        ("v3/a/devices/x/ldds-lavka/up", uplink(), "topic"),
        (topic(), uplink(payload=b""), "neither"),
        (topic(), uplink(payload=b"", inner={"decoded_payload": {"Distance": "12 ft"}}), "no distance"),
        (topic(), uplink(payload=b"", inner={"decoded_payload": []}), "decoded payload"),
        (topic(), uplink(port=0), "fPort 0"),
        (topic(), uplink(payload=b"\x0e\x10\x04"), "too short"),
        (topic(), uplink(payload=b"\x1e\x10\x04\xd2"), "whole batch"),
        (topic(), uplink(payload=b"\x0e\x10\x00\x00"), "no echo"),
        (topic(), uplink(payload=b"\x0e\x10\x00\x14"), "blind zone"),
        (topic(), uplink(payload=b"\x0e\x10\xff\xff"), "reach"),
        (topic(), uplink(inner={"received_at": "2026-11-22T23:00:00"}), "no offset"),
        (topic(), uplink(received_at=None, inner={"received_at": None}), "received_at"),
        (topic(), uplink(uplink_message=None), "no uplink_message"),
        (topic("tbrg-hreben"), uplink("tbrg-hreben", TBRG[:-1]), "flags promise"),
        (topic("tbrg-hreben"), uplink("tbrg-hreben", b"\x03" + TBRG[1:]), "protocol 3"),
        (topic("tbrg-hreben"), uplink("tbrg-hreben", bytes.fromhex("02012f00020bb1")), "no rain"),
        (topic(), uplink(padding="x" * 70_000), "too many"),
        (topic(), b"", "not an uplink"),
        (topic(), b"[" * 60_000, "not an uplink"),
    ],
)  # fmt: skip
def test_what_is_no_reading_has_a_reason(little_network: Network, place: str, payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        tts.readings(place, payload, tts.devices(little_network.stations))


_VALUE = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.lists(st.integers(), max_size=2)
)
_INNER = st.dictionaries(st.sampled_from(["received_at", "f_port", "frm_payload", "decoded_payload"]),
                         _VALUE | st.dictionaries(st.just("Distance"), _VALUE) | st.datetimes().map(str))  # fmt: skip


@settings(max_examples=4000, deadline=None)
@given(
    payload=st.binary(max_size=100) | _INNER.map(lambda inner: uplink(inner=inner)), place=st.just(topic()) | st.text()
)
def test_any_message_is_readings_or_a_decode_error(payload: bytes, place: str) -> None:
    try:
        tts.readings(place, payload, KNOWN)
    except DecodeError:
        return
