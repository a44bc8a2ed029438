"""The traps of single sources, each as its page names it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collectors import chmu_cap, chmu_rain, ea, hpps, imgw, lhp, numerals, pegelonline, povodi, saxony, walltime
from collectors.catalogue import CATALOGUE
from collectors.faults import DecodeError, EmptyAnswerError
from collectors.limits import differences
from collectors.source import Ask, Decoded
from floodcore.context import Bulletin
from floodcore.network.model import Limits, Names, Station
from floodcore.words import Degree, Language, Quantity

FIXTURES = Path(__file__).parent / "fixtures"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PRAGUE = ZoneInfo("Europe/Prague")


def ask(address: str) -> Ask:
    return Ask(address, "", {address: "here"})


def bulletin(text: str) -> Bulletin:
    decoded = chmu_cap.decode(text.encode(), Ask("bulletin", ""), NOW)
    assert decoded.bulletin is not None
    return decoded.bulletin


@pytest.fixture(scope="module")
def cap() -> str:
    return (FIXTURES / "chmu_cap.xml").read_text("utf-8")


# --- the bulletin ---


def test_what_is_in_force_is_paired_by_language_and_the_rest_is_left_out(cap: str) -> None:
    flood, rain = bulletin(cap).warnings
    assert (flood.code, flood.flood, flood.areas, flood.expires) == ("XII.2", True, ("5104", "5105"), None)
    assert dict(flood.event) == {Language.CS: "Povodňová pohotovost", Language.EN: "Flood alert"}
    assert flood.profiles == ("Smědá, Předlánce, 205 cm, 50.1 m3s-1, rising",)
    assert (rain.code, rain.flood) == ("XI.1", False)
    assert rain.expires == datetime(2026, 11, 23, 21, tzinfo=UTC)


def test_the_order_of_the_blocks_means_nothing(cap: str) -> None:
    head, *blocks = cap.split("  <info>")
    tail = "</alert>\n"
    blocks = [block.removesuffix(tail) for block in blocks]
    turned = "  <info>".join([head, *reversed(blocks)]) + tail

    def by_code(text: str) -> dict[str, object]:
        return {w.code: (dict(w.event), dict(w.text), w.areas, w.profiles) for w in bulletin(text).warnings}

    assert by_code(turned) == by_code(cap)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("<status>Actual", "<status>Test"), "status 'Test'"),
        (("<status>Actual", "<status>Exercise"), "status"),
        (("2026-11-22T22:00:00+01:00</sent>", "2026-11-22T22:00:00</sent>"), "no offset"),
        (("2026-11-22T22:00:00+01:00</sent>", "</sent>"), "not ISO"),
        (("2.49.0.0.203.0.CZ.261122210000.XOCZ50_OKPR_999", ""), "no identifier"),
        (("<alert ", "<!DOCTYPE alert>\n<alert "), "DOCTYPE"),
        (("<alert ", "<alarm "), "not well-formed"),
    ],
)
def test_what_is_no_bulletin(cap: str, change: tuple[str, str], reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        bulletin(cap.replace(*change))


def test_one_unreadable_block_refuses_the_whole(cap: str) -> None:
    """A document is a complete state: without one block it would say "no warning" of that hazard."""
    with pytest.raises(DecodeError, match="not ISO"):
        bulletin(cap.replace("<onset>2026-11-22T22:00:00+01:00", "<onset>tomorrow", 1))


def test_nothing_is_not_no_warning() -> None:
    with pytest.raises(EmptyAnswerError):
        chmu_cap.decode(b"  \n", Ask("bulletin", ""), NOW)
    assert bulletin((FIXTURES / "chmu_cap-quiet.xml").read_text("utf-8")).warnings == ()


@pytest.mark.shows("dst", "chmu_cap")
@pytest.mark.parametrize("offset", ["+01:00", "+02:00"])
def test_the_bulletin_of_the_repeated_hour_is_of_the_hour_it_says(cap: str, offset: str) -> None:
    told = bulletin(cap.replace("2026-11-22T22:00:00+01:00", f"2026-10-25T02:30:00{offset}"))
    assert told.sent == datetime(2026, 10, 25, 1 if offset == "+01:00" else 0, 30, tzinfo=UTC)
    assert not told.stale(told.sent + timedelta(hours=24), timedelta(hours=24))
    assert told.stale(told.sent + timedelta(hours=24, seconds=1), timedelta(hours=24))


# --- clocks on the wall ---


def test_an_hour_that_does_not_exist_is_refused_and_one_that_comes_twice_is_settled_by_order() -> None:
    with pytest.raises(DecodeError, match="leave out"):
        walltime.alone(walltime.dotted("29.03.2026 02:30"), PRAGUE)
    assert walltime.alone(walltime.dotted("25.10.2026 02:30"), PRAGUE) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    walls = [walltime.dotted(f"25.10.2026 {text}") for text in ("01:50", "02:00", "02:50", "02:00", "02:50", "03:00")]
    minutes = [
        None if m is None else (m - datetime(2026, 10, 24, 23, 50, tzinfo=UTC)) for m in walltime.in_turn(walls, PRAGUE)
    ]
    assert minutes == [timedelta(minutes=m) for m in (0, 10, 60, 70, 120, 130)]


def test_hourly_rows_of_the_repeated_hour_are_two_hours() -> None:
    walls = [walltime.dotted(f"25.10.2026 {text}") for text in ("01:00", "02:00", "02:00", "03:00")]
    hours = [moment.hour for moment in walltime.in_turn(walls, PRAGUE) if moment is not None]
    assert hours == [23, 0, 1, 2]


@pytest.mark.parametrize(
    "text",
    ["", "25.10.2026", "32.10.2026 02:00", "25.13.2026 02:00", "25.10.26 02:00", "25/10/2026 02:00", "25.10.2026 24:00",
     "25.10.0000 10:00", None, 5],
)  # fmt: skip
def test_what_is_no_stamp(text: object) -> None:
    with pytest.raises(DecodeError):
        walltime.dotted(text)


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [("112,4", ",", 112.4), ("112.4", ".", 112.4), ("−7", ".", -7.0), ("0", ",", 0.0), ("\xa0", ",", None),
     ("-", ".", None), ("+3,25", ",", 3.25)],
)  # fmt: skip
def test_numbers_as_text(text: str, mark: str, expected: float | None) -> None:
    assert numerals.decimal(text, mark) == expected


@pytest.mark.parametrize(
    ("text", "mark"),
    [("1.234", ","), ("1,234", "."), ("1.234,5", ","), ("???", "."), ("1e3", "."), ("0x1", "."), ("1 234", ","),
     ("٣", "."), ("nan", "."), ("0.26|0.267", ".")],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_refused(text: str, mark: str) -> None:
    with pytest.raises(DecodeError):
        numerals.decimal(text, mark)


# --- pages ---


def test_columns_are_found_by_their_heads_and_a_page_of_maintenance_is_none() -> None:
    page = (FIXTURES / "hpps.html").read_bytes()
    moved = page.replace(b"<th>Stav [cm]</th>", b"<th>New</th><th>Stav [cm]</th>").replace(
        b"<td>112</td>", b"<td>999</td><td>112</td>"
    )
    values = {(r.quantity, r.value) for r in hpps.decode(moved, ask("1"), NOW).readings}
    assert ("level", 112.0) in values
    assert ("level", 999.0) not in values
    for body in (b"<html><h1>Odst\xe1vka</h1></html>", b"<table><tr><th>Datum</th></tr></table>"):
        with pytest.raises(DecodeError, match="no table"):
            hpps.decode(body, ask("1"), NOW)


def test_the_empty_page_of_the_river_board_is_no_calm() -> None:
    with pytest.raises(EmptyAnswerError):
        povodi.decode(b"\r\n", ask("1-307"), NOW)


def test_pages_of_the_boards_are_asked_by_oid_and_id() -> None:
    (labe,) = povodi.LABE.asks({"2-307": "here"}, NOW)
    assert labe.path == "/portal/sap/cz/PC/Mereni.aspx?id=307&oid=2"


# --- lists ---


def layer(**changes: object) -> bytes:
    return json.dumps({**json.loads((FIXTURES / "saxony.json").read_bytes()), **changes}).encode()


def test_a_null_of_saxony_is_no_zero_and_a_stamp_without_zone_is_refused() -> None:
    body = layer()
    assert saxony.decode(body, ask("660100"), NOW) == Decoded()
    refused = saxony.decode(body, ask("662011"), NOW)
    assert refused.readings == ()
    assert "is no offset" in refused.faults[0]


@pytest.mark.parametrize("changes", [{"error": {"code": 500}}, {"exceededTransferLimit": True}, {"features": None}])
def test_an_answer_of_the_layer_that_is_none_or_half_of_one(changes: dict[str, object]) -> None:
    with pytest.raises(DecodeError):
        saxony.decode(layer(**changes), ask("660160"), NOW)


def test_the_guide_levels_of_the_layer_are_read() -> None:
    first = saxony.profiles(layer())[0]
    assert first.address == "660160"
    assert first.limits == {Degree.VIGILANCE: 320.0, Degree.READINESS: 400.0, Degree.EMERGENCY: 480.0}
    published = saxony.POLLED.published
    assert published is not None
    for scheme, expected in (
        ("alarmstufe", ["here: limit 2 is 390 cm here and 400 cm at LfULG Sachsen"]),
        ("spa", []),  # an Alarmstufe is never compared with a SPA
    ):
        limits = Limits(Quantity.LEVEL, {Degree.VIGILANCE: 320.0, Degree.READINESS: 390.0}, "x", None, scheme)
        station = Station(
            "here", Names("x"), None, "DE", "", (Quantity.LEVEL,), timedelta(minutes=15), limits=(limits,)
        )
        assert differences([first], {"660160": station}, published) == expected
    assert differences([first], {}, published) == []


def test_a_class_of_an_alert_is_never_taken_for_that_of_a_gauge() -> None:
    body = (FIXTURES / "lhp.json").read_bytes()
    assert lhp.decode(body, ask("SN_660160"), NOW).readings == ()
    (none,) = lhp.decode(body, ask("SN_660100"), NOW).classes
    assert none.grade is None, "-1 is no data"
    assert lhp.decode(body, ask("SN_662011"), NOW) == Decoded(), "without a class nothing is said"
    assert "gauges' scale" in lhp.decode(body, ask("SN_663090"), NOW).faults[0]
    for grade in (b"5", b"-2", b"true", b"1.5"):
        foreign = body.replace(b'"lhpClass": 1', b'"lhpClass": ' + grade)
        assert "gauges' scale" in lhp.decode(foreign, ask("SN_660160"), NOW).faults[0]
    with pytest.raises(EmptyAnswerError):
        lhp.decode(b'{"data":[]}', ask("SN_660160"), NOW)


def test_each_quantity_of_imgw_has_its_own_time_and_none_is_lent() -> None:
    body = (FIXTURES / "imgw.json").read_bytes()
    level, flow = imgw.decode(body, ask("151140060"), NOW).readings
    assert level.observed_at - flow.observed_at > timedelta(days=20)
    refused = imgw.decode(body, ask("150140010"), NOW)
    assert refused.readings == ()
    assert len(refused.faults) == 1
    assert imgw.decode(body, ask("150140020"), NOW) == Decoded()
    for nothing in (b'{"status":false,"message":"no data"}', b"[]"):
        with pytest.raises(DecodeError):
            imgw.decode(nothing, ask("151140060"), NOW)


def test_a_level_above_the_sea_is_none_above_the_gauge() -> None:
    body = (FIXTURES / "pegelonline.json").read_bytes().replace(b'"unit": "cm"', b'"unit": "m+NN"')
    decoded = pegelonline.decode(body, ask("501010"), NOW)
    assert "level" not in {reading.quantity for reading in decoded.readings}
    assert "m+NN" in decoded.faults[0]
    with pytest.raises(DecodeError, match="speaks of"):
        pegelonline.decode(body, ask("501011"), NOW)


@pytest.mark.parametrize(
    ("unit", "expected"), [("mASD", 33.1), ("m", 33.1), ("mm", 0.0331), ("mAOD", None), ("ft", None)]
)
def test_the_unit_of_the_measure_decides(unit: str, expected: float | None) -> None:
    item = {
        "dateTime": "2026-11-22T23:00:00Z",
        "measure": f"x/id/measures/1491TH-level-stage-i-15_min-{unit}",
        "value": 0.331,
    }
    readings = ea.decode(json.dumps({"items": [item]}).encode(), ask("1491TH"), NOW).readings
    assert [reading.value for reading in readings] == ([] if expected is None else [expected])


def test_rain_of_yesterday_is_asked_for_while_it_may_still_be_written() -> None:
    early = chmu_rain.POLLED.asks({"a": "here"}, datetime(2026, 11, 23, 1, 59, tzinfo=UTC))
    late = chmu_rain.POLLED.asks({"a": "here"}, datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    assert [each.path[-13:-5] for each in early] == ["20261122", "20261123"]
    assert [each.path[-13:-5] for each in late] == ["20261123"]
    assert len({each.item for each in early}) == 2
    tomorrow = chmu_rain.POLLED.asks({"a": "here"}, datetime(2026, 11, 24, 3, 0, tzinfo=UTC))
    assert {each.item for each in tomorrow} < {each.item for each in early}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("saxony", b"PEG_MSTNR", b"PEG_NUMBER"),
        ("lhp", b'"id"', b'"ident"'),
        ("imgw", b"id_stacji", b"id_stacja"),
        ("ea", b"/measures/1491TH", b"/measures/x/1491TH"),
        ("chmu_rain", b"0-20000-0-11683", b"0-20000-0-11684"),
    ],
)
def test_ids_that_are_no_longer_ours_are_a_fault_and_no_silence(name: str, old: bytes, new: bytes) -> None:
    body = next(FIXTURES.glob(f"{name}.*")).read_bytes()
    CATALOGUE[name].probe(body)
    with pytest.raises(DecodeError, match=r"of ours|other gauges only"):
        CATALOGUE[name].probe(body.replace(old, new))


def test_an_item_of_the_feed_whose_words_have_changed_is_a_fault() -> None:
    body = (FIXTURES / "saxony_rss.xml").read_bytes()
    decoded = CATALOGUE["saxony_rss"].probe(body.replace(b"Wasserstand", b"Pegel").replace(b"Durchfluss", b"Abfluss"))
    assert isinstance(decoded, Decoded)
    assert (decoded.readings, len(decoded.faults)) == ((), 3)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("chmu", b'"tsData"', b'"data"'),
        ("chmu", b'"value"', b'"val"'),
        ("saxony", b"PEG_WASSERSTAND", b"PEG_WASSER"),
        ("imgw", b'"stan_wody"', b'"stan"'),
        ("hubeau", b"resultat_obs", b"resultat"),
        ("ea", b'"value"', b'"val"'),
        ("pegelonline", b'"value"', b'"val"'),
        ("hpps", b"Stav", b"Hladina"),
        ("povodi_labe", b"ObsahCPH_DataMereniGV", b"ObsahCPH_Data"),
    ],
)
def test_a_field_that_is_gone_is_a_fault_and_no_missing_value(name: str, old: bytes, new: bytes) -> None:
    body = next(FIXTURES.glob(f"{name}.*")).read_bytes()
    before = CATALOGUE[name].probe(body)
    assert isinstance(before, Decoded)
    try:
        after = CATALOGUE[name].probe(body.replace(old, new))
    except DecodeError:
        return
    assert isinstance(after, Decoded)
    assert len(after.faults) > len(before.faults)
    assert "level" not in {reading.quantity for reading in after.readings}


@pytest.mark.parametrize(
    "name", ["saxony", "imgw", "lhp", "pegelonline", "hubeau", "ea", "chmu_rain", "hpps", "saxony_rss"]
)
def test_a_byte_order_mark_changes_nothing(name: str) -> None:
    body = next(FIXTURES.glob(f"{name}.*")).read_bytes()
    assert CATALOGUE[name].probe(b"\xef\xbb\xbf" + body) == CATALOGUE[name].probe(body)
