"""The push contract, and who may push."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.contract import Pushed, pushed
from collectors.faults import DecodeError
from collectors.keys import Verdict, verdict
from floodcore.network.model import Mounting
from floodcore.words import Quantity

KEYS = {"brod": "k1", "mlyn": "k2"}


def sample(**changes: object) -> dict[str, object]:
    return {"t": "2026-11-22T23:00:00Z", "q": "level", "v": 1.124, "u": "m", "flag": "ok"} | changes


def body(*samples: object, **more: object) -> bytes:
    return json.dumps({"station": "brod", "seq": 1, "samples": list(samples)} | more).encode()


def test_units_are_converted_and_the_raw_kept() -> None:
    (reading,) = pushed(body(sample()), "brod").readings
    assert (reading.station_id, reading.quantity, reading.value) == ("brod", Quantity.LEVEL, 112.4)
    assert (reading.raw_value, reading.raw_unit) == (1.124, "m")
    (reading,) = pushed(body(sample(t="2026-11-23T00:30:00+01:00")), "brod").readings
    assert reading.observed_at == datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"v": None}, "no value"),
        ({"flag": "bad"}, "flags it 'bad'"),
        ({"u": "cubit"}, "unknown unit"),
        ({"u": ""}, "no unit"),
        ({"t": "2026-11-22T23:00:00"}, "no offset"),
        ({"t": "yesterday"}, "datetime"),
        ({"q": "colour"}, "nothing that is measured"),
        ({"v": "1"}, "float"),
        ({"v": {}}, "float"),
        ({"v": 1e307}, "too large"),
    ],
)
def test_a_bad_sample_is_named_and_the_others_used(changes: dict[str, object], reason: str) -> None:
    result = pushed(body(sample(), sample(**changes), sample(t="2026-11-22T23:10:00Z")), "brod")
    assert len(result.readings) == 2
    (rejected,) = result.rejected
    assert rejected.index == 1
    assert reason in rejected.reason


@pytest.mark.parametrize("bad", [b"", b"[]", b"{}", body()[:-2], body(station="mlyn"), b"\xff", b"[" * 100_000,
                                 b'{"samples":' + b"[" * 100_000])  # fmt: skip
def test_what_is_no_push_for_this_station(bad: bytes) -> None:
    with pytest.raises(DecodeError):
        pushed(bad, "brod")


MOUNTED = (
    Mounting(datetime(2026, 1, 1, tzinfo=UTC), "", 400.0),
    Mounting(datetime(2026, 11, 22, 23, 5, tzinfo=UTC), "", 500.0, -20.0, 3.0),
)


def test_distance_depth_and_level_by_the_mounting_of_their_own_time() -> None:
    new = {"t": "2026-11-22T23:10:00Z"}
    result = pushed(
        body(
            sample(q="distance", v=1234, u="mm"),
            sample(q="distance", v=1234, u="mm", **new),
            sample(q="depth", v=80, u="cm", **new),
            sample(**new),
        ),
        "brod",
        MOUNTED,
    )
    assert [(r.quantity, r.value, r.raw_value, r.raw_unit) for r in result.readings] == [
        (Quantity.LEVEL, 276.6, 1234, "mm distance"),
        (Quantity.LEVEL, 376.6, 1234, "mm distance"),
        (Quantity.LEVEL, 60.0, 800, "mm depth"),
        (Quantity.LEVEL, 115.4, 1.124, "m"),
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"q": "distance", "t": "2025-12-31T23:59:59Z"}, "no mounting is configured for 2025-12-31"),
        ({"q": "depth"}, "(probe_cm) is not configured"),
        ({"t": "2025-12-31T23:59:59Z"}, "no mounting is configured"),
    ],
)
def test_without_an_offset_for_its_time_a_sample_is_refused(changes: dict[str, object], reason: str) -> None:
    (rejected,) = pushed(body(sample(**changes)), "brod", MOUNTED).rejected
    assert reason in rejected.reason


def test_a_station_without_push_link_pushes_what_needs_no_offset() -> None:
    result = pushed(body(sample(), sample(q="distance"), sample(q="rain", u="mm")), "brod")
    assert [r.quantity for r in result.readings] == [Quantity.LEVEL, Quantity.RAIN]
    assert "zero_cm" in result.rejected[0].reason


def test_station_may_be_left_out_of_the_body() -> None:
    assert pushed(b'{"samples":[]}', "brod") == Pushed((), ())


_VALUE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
_SAMPLE = st.dictionaries(st.sampled_from(["t", "q", "v", "u", "flag"]), _VALUE | st.datetimes().map(str)) | _VALUE


@settings(max_examples=3000, deadline=None)
@given(raw=st.binary(max_size=80) | st.lists(_SAMPLE, max_size=4).map(lambda samples: body(*samples)))
def test_any_body_is_a_push_or_a_decode_error(raw: bytes) -> None:
    try:
        result = pushed(raw, "brod")
    except DecodeError:
        return
    assert all(reading.station_id == "brod" for reading in result.readings)


@settings(max_examples=2000, deadline=None)
@given(
    samples=st.lists(st.sampled_from([sample(), sample(v=None), sample(u="cubit"), sample(q=1), 7]), max_size=6),
)
def test_every_sample_is_used_or_named(samples: list[object]) -> None:
    result = pushed(body(*samples), "brod")
    assert len(result.readings) + len(result.rejected) == len(samples)
    assert len({rejected.index for rejected in result.rejected}) == len(result.rejected)


def test_two_million_scraps_are_refused_at_once() -> None:
    begun = time.process_time()
    with pytest.raises(DecodeError, match="send fewer at a time"):
        pushed(b'{"samples":[' + b",".join([b"1"] * 1_900_000) + b"]}", "brod")
    assert time.process_time() - begun < 1.5


def basic(user: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()


def signed(key: str, content: bytes) -> str:
    return "sha256=" + hmac.new(key.encode(), content, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("authorization", "signature", "expected"),
    [
        (basic("brod", "k1"), "", Verdict.ALLOWED),
        (basic("mlyn", "k2"), "", Verdict.FORBIDDEN),
        (basic("brod", "k2"), "", Verdict.UNKNOWN),
        (basic("brod", ""), "", Verdict.UNKNOWN),
        (basic("nobody", ""), "", Verdict.UNKNOWN),
        ("", "", Verdict.UNKNOWN),
        ("Basic !!!", "", Verdict.UNKNOWN),
        ("Bearer k1", "", Verdict.UNKNOWN),
        ("", signed("k1", b"body"), Verdict.ALLOWED),
        ("", signed("k1", b"body").upper(), Verdict.ALLOWED),
        ("", signed("k2", b"body"), Verdict.UNKNOWN),
        ("", signed("k1", b"other"), Verdict.UNKNOWN),
        (basic("brod", "k1"), "sha256=00", Verdict.UNKNOWN),
        ("", "ž", Verdict.UNKNOWN),
        ("", "sha256=\udcff", Verdict.UNKNOWN),  # how aiohttp hands over a byte that is no UTF-8
        ("Basic \udcff", "", Verdict.UNKNOWN),
    ],
)
def test_who_may_push(authorization: str, signature: str, expected: Verdict) -> None:
    assert verdict(KEYS, "brod", authorization, signature, b"body") is expected


@pytest.mark.parametrize("key", ["old", "new"])
def test_while_a_key_changes_both_are_good_and_nothing_between(key: str) -> None:
    keys = {"brod": "old|new"}
    assert verdict(keys, "brod", basic("brod", key), "", b"body") is Verdict.ALLOWED
    assert verdict(keys, "brod", "", signed(key, b"body"), b"body") is Verdict.ALLOWED
    for wrong in ("old|new", "", "|"):
        assert verdict(keys, "brod", basic("brod", wrong), "", b"body") is Verdict.UNKNOWN
        assert verdict(keys, "brod", "", signed(wrong, b"body"), b"body") is Verdict.UNKNOWN
    assert verdict({"brod": "old|"}, "brod", "", signed("", b"body"), b"body") is Verdict.UNKNOWN
    assert verdict({"brod": "old|"}, "brod", basic("brod", ""), "", b"body") is Verdict.UNKNOWN


def test_a_station_without_key_cannot_sign_with_the_empty_key() -> None:
    assert verdict(KEYS, "jez", "", signed("", b"body"), b"body") is Verdict.UNKNOWN
