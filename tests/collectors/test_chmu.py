"""ČHMÚ decoder against invented files of the described shape, and against anything at all."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors import chmu
from collectors.faults import DecodeError
from collectors.source import Decoded, Profile
from floodcore.words import Degree, Quantity

OBJ = "0-203-1-999001"


def a_file(*series: object, obj_id: str = OBJ) -> bytes:
    return json.dumps({"objList": [{"objID": obj_id, "tsList": list(series)}]}).encode()


def a_series(code: str, unit: str, *data: object) -> dict[str, object]:
    return {"tsConID": code, "unit": unit, "tsData": list(data)}


def test_levels_and_discharges_in_canonical_units() -> None:
    body = a_file(
        a_series("H", "CM", {"dt": "2026-11-22T23:00:00Z", "value": 112}),
        a_series("Q", "M3_S", {"dt": "2026-11-22T23:00:00Z", "value": 4.31}),
        a_series("TH", "0C", {"dt": "2026-11-22T23:00:00Z", "value": 3.2}),
    )
    file = chmu.station_file(body, OBJ, "mlyn")
    assert [(r.station_id, r.quantity, r.value, r.raw_unit) for r in file.readings] == [
        ("mlyn", Quantity.LEVEL, 112.0, "CM"),
        ("mlyn", Quantity.DISCHARGE, 4.31, "M3_S"),
        ("mlyn", Quantity.WATER_TEMPERATURE, 3.2, "0C"),
    ]
    assert file.readings[0].observed_at == datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert file.faults == ()


def test_null_is_no_reading_and_zero_is_one() -> None:
    data = ({"dt": "2026-11-22T23:00:00Z", "value": None}, {"dt": "2026-11-22T23:10:00Z", "value": 0})
    file = chmu.station_file(a_file(a_series("H", "CM", *data)), OBJ, "mlyn")
    assert [r.value for r in file.readings] == [0.0]
    assert file.faults == ()


def test_lists_instead_of_objects() -> None:
    data = (["2026-11-22T23:00:00Z", -7, "A", 3], ["2026-11-22T23:10:00+00:00", 112.5])
    file = chmu.station_file(a_file(a_series("H", "CM", *data)), OBJ, "mlyn")
    assert [r.value for r in file.readings] == [-7.0, 112.5]


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        ({"dt": "2026-11-22T23:00:00", "value": 1}, "no offset"),
        ({"dt": "22.11.2026 23:00", "value": 1}, "not ISO"),
        ({"dt": None, "value": 1}, "not text"),
        ({"dt": "0001-01-01T00:00:00+14:00", "value": 1}, "outside the calendar"),
        ({"dt": "2026-11-22T23:00:00Z", "value": "112"}, "not a number"),
        ({"dt": "2026-11-22T23:00:00Z", "value": True}, "not a number"),
        (["2026-11-22T23:00:00Z"], "1 fields"),
    ],
)
def test_one_bad_sample_does_not_stop_the_others(sample: object, reason: str) -> None:
    good = {"dt": "2026-11-22T23:10:00Z", "value": 5}
    file = chmu.station_file(a_file(a_series("H", "CM", sample, good)), OBJ, "mlyn")
    assert [r.value for r in file.readings] == [5.0]
    assert len(file.faults) == 1
    assert reason in file.faults[0]


def test_a_changed_unit_is_refused_and_a_foreign_series_ignored() -> None:
    sample = {"dt": "2026-11-22T23:00:00Z", "value": 1}
    file = chmu.station_file(a_file(a_series("H", "FT", sample), a_series("HF", "CM", sample)), OBJ, "mlyn")
    assert file.readings == ()
    assert len(file.faults) == 1
    assert "unknown unit 'FT'" in file.faults[0]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>error</html>", a_file()[:-5], b"[]", b"{}", b"null", b"\xff\xfe", a_file(obj_id="0-203-1-1"),
     b"[" * 100_000, b'{"objList":[{"objID":1}]}'],
)  # fmt: skip
def test_what_is_no_file_of_this_station(body: bytes) -> None:
    with pytest.raises(DecodeError):
        chmu.station_file(body, OBJ, "mlyn")


def test_an_empty_file_is_no_data_and_no_fault() -> None:
    assert chmu.station_file(b'{"objList":[]}', OBJ, "mlyn") == Decoded()


def test_the_index_names_the_stations_that_have_a_file() -> None:
    page = b'<a href="../">..</a> <a href="0-203-1-999001.json">x</a> <a href="0-203-1-2.json">y</a>'
    assert chmu.listed(page) == {"0-203-1-999001", "0-203-1-2"}
    with pytest.raises(DecodeError):
        chmu.listed(b"<html>maintenance</html>")


@pytest.mark.parametrize("columns", [["objID", "STATION_NAME", "SPA1H", "SPA2H", "SPA3H", "SPA4H"],
                                     ["SPA4H", "NEW", "SPA3H", "SPA1H", "objID", "SPA2H", "STATION_NAME"]])  # fmt: skip
def test_metadata_columns_are_found_by_name(columns: list[str]) -> None:
    row = {"objID": OBJ, "STATION_NAME": "Mlýn", "SPA1H": 85, "SPA2H": None, "SPA3H": 160, "SPA4H": 342, "NEW": "?"}
    table = {"header": ",".join(columns), "values": [[row[name] for name in columns], [None] * len(columns)]}
    body = json.dumps({"zaznamID": "x", "data": {"type": "DataCollection", "data": table}}).encode()
    limits = {Degree.VIGILANCE: 85.0, Degree.EMERGENCY: 160.0, Degree.EXTREME: 342.0}
    assert chmu.profiles(body) == [Profile(OBJ, "Mlýn", limits)]


# NaN and Infinity are no JSON: a file with them is refused whole, like any other damaged file.
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["objList", "objID", "tsList", "tsConID", "unit", "tsData", "dt", "value", "data",
                                       "header", "values"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
_SAMPLES = st.fixed_dictionaries({"dt": _JSON | st.datetimes().map(str), "value": _JSON}) | st.lists(_JSON, max_size=4)


@settings(max_examples=3000, deadline=None)
@given(body=st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_give_readings_or_a_decode_error(body: bytes) -> None:
    for decode in (lambda: chmu.station_file(body, OBJ, "mlyn"), lambda: chmu.profiles(body)):
        try:
            decode()
        except DecodeError:
            continue


@settings(max_examples=3000, deadline=None)
@given(samples=st.lists(_SAMPLES, max_size=4), unit=st.sampled_from(["CM", "M3_S", "", "\x00"]))
def test_any_samples_are_readings_faults_or_missing(samples: list[object], unit: str) -> None:
    file = chmu.station_file(a_file(a_series("H", unit, *samples)), OBJ, "mlyn")
    assert len(file.readings) + len(file.faults) <= len(samples)
    assert all(r.value is not None for r in file.readings)
