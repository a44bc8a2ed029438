"""Every sensor of the registry against its fixture: published vectors, both layouts, what measured nothing."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.faults import DecodeError
from collectors.samples import Depth, Distance, Measured, Plain, Tips
from collectors.sensors.registry import offsets, registry
from collectors.sensors.sensor import ZERO

FIXTURES = Path(__file__).with_name("fixtures") / "sensors"
SENSORS = sorted(registry())


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return found


ALL = [(name, number) for name in SENSORS for number in range(len(cases(name)))]


def told(measured: Measured) -> dict[str, object]:
    """A measure as the fixtures write it."""
    when: dict[str, object] = {} if measured.at is None else {"at": measured.at.isoformat()}
    when |= {"history": True} if measured.history else {}
    match measured.what:
        case Distance(mm):
            return {"distance_mm": mm} | when
        case Depth(mm):
            return {"depth_mm": mm} | when
        case Plain(quantity, value):
            return {str(quantity): value} | when
        case Tips(tips, interval_s, total, bucket):
            return {"tips": tips, "interval_s": interval_s, "total": total, "bucket": bucket} | when
        case _:
            return {}


def test_the_sensors_of_the_issue_are_there() -> None:
    assert set(SENSORS) >= {
        "dragino_ldds", "decentlab_mbx", "decentlab_lid", "decentlab_tbrg", "decentlab_ctd10", "milesight_em500_udl",
    }  # fmt: skip
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(SENSORS)
    assert offsets()["dragino_ldds"] == ZERO


@pytest.mark.parametrize(("name", "number"), ALL)
def test_a_payload_is_what_its_maker_says(name: str, number: int) -> None:
    case = cases(name)[number]
    payload, port = bytes.fromhex(case["payload"]), case["port"]
    if "fault" in case:
        with pytest.raises(DecodeError, match=case["fault"]):
            registry()[name].decode(payload, port)
    else:
        assert [told(measured) for measured in registry()[name].decode(payload, port)] == case["measures"]


@pytest.mark.parametrize("name", SENSORS)
def test_every_published_vector_is_in_the_fixture(name: str) -> None:
    known = {(case["payload"], case["port"]) for case in cases(name)}
    assert set(registry()[name].vectors) <= known


@pytest.mark.parametrize("distance", ["1234 mm", "1234", "1234mm", 1234, 1234.0])
def test_a_vendors_decoder_says_it_with_and_without_unit(distance: object) -> None:
    assert registry()["dragino_ldds"].said({"Distance": distance}) == (Measured(Distance(1234)),)


@pytest.mark.parametrize("distance", [None, True, "12 ft", "0 mm", 20, [], "1e3", "9" * 30, float("nan"), float("inf")])
def test_what_a_vendors_decoder_must_not_say(distance: object) -> None:
    with pytest.raises(DecodeError):
        registry()["dragino_ldds"].said({"Distance": distance})


@pytest.mark.parametrize("name", SENSORS)
@settings(max_examples=300, deadline=None)
@given(payload=st.binary(max_size=60), port=st.integers(0, 255))
def test_any_payload_is_measures_or_a_decode_error(name: str, payload: bytes, port: int) -> None:
    with suppress(DecodeError):
        for measured in registry()[name].decode(payload, port):
            assert measured.at is None or measured.at.utcoffset() is not None
            assert measured.history is (measured.at is not None)


def test_the_memory_of_a_device_has_its_own_time() -> None:
    record = bytes.fromhex("20ce") + (1_795_300_200).to_bytes(4, "little") + (1500).to_bytes(2, "little")
    (measured,) = registry()["milesight_em500_udl"].decode(record, 85)
    assert measured.at == datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
