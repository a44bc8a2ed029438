"""Files of loggers and vendors: the fixture, the two nights of the clock, and what must not be guessed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collectors import exports, fiedler, rowtimes
from collectors.faults import DecodeError
from collectors.mounted import Heard
from collectors.radio import devices
from floodcore.network.model import Column, Export, Link, Mounting, Names, Station
from floodcore.words import Quantity, Reading

FIXTURES = Path(__file__).with_name("fixtures")
PRAGUE = ZoneInfo("Europe/Prague")
LEVEL, RAIN, WARM, BATTERY = Quantity.LEVEL, Quantity.RAIN, Quantity.WATER_TEMPERATURE, Quantity.BATTERY
CHANNELS = {"Hladina": "level", "Srazky": "rain", "Voda": "water_temperature", "Napeti": "battery"}
VILLAGE = Export(
    "village", "csv", ("Datum", "Cas"), "%d.%m.%Y %H:%M", "Europe/Prague",
    (Column("Hladina [cm]", "level", "cm"), Column("Odstup [mm]", "distance", "mm"), Column("Srazky", "rain", "mm")),
    "order", "Stanice", encoding="cp1250", decimal=",", skip_lines=1, missing=("", "-", "-999"),
)  # fmt: skip
SERVER = Export(
    "server", "json", ("t",), "iso", "stamp", (Column("v.level", "level", "m"),), station="id", rows="data.items"
)


def station(link: Link) -> dict[str, Station]:
    return {
        "most": Station("most", Names("Most"), None, "CZ", "", tuple(Quantity), timedelta(minutes=10), links=(link,))
    }


def dta(body: bytes, channels: dict[str, str] = CHANNELS, mounted: tuple[Mounting, ...] = ()) -> Heard:
    link = Link("fiedler", "00123", mounted=mounted, channels=channels)
    return fiedler.decode(body, devices(station(link), "fiedler"))


def export(body: bytes, form: Export, address: str = "LVS-1", mounted: tuple[Mounting, ...] = ()) -> Heard:
    link = Link("export", address, export=form.id, mounted=mounted)
    return exports.decode(body, form, exports.stations_of(station(link), form.id))


def rows(readings: list[Reading]) -> list[tuple[str, Quantity, float | None]]:
    return [(f"{r.observed_at:%d %H:%M}", r.quantity, r.value) for r in readings]


DTA = (FIXTURES / "fiedler.dta").read_bytes()
CSV = (FIXTURES / "export-village.csv").read_bytes()
JSON = (FIXTURES / "export-server.json").read_bytes()


@pytest.mark.shows("decoder", "fiedler")
def test_a_dta_file_says_what_it_says() -> None:
    found = dta(DTA)
    assert rows(found.readings) == [
        ("22 22:50", LEVEL, 112.4), ("22 22:50", RAIN, 0.2), ("22 22:50", WARM, 4.1), ("22 22:50", BATTERY, 12.6),
        ("22 23:00", LEVEL, 112.9), ("22 23:00", RAIN, 0.0), ("22 23:00", BATTERY, 12.6),
        ("22 23:10", RAIN, 0.4), ("22 23:10", WARM, 4.0), ("22 23:10", BATTERY, 12.6),
    ]  # fmt: skip
    assert found.faults == []


def test_a_channel_of_distance_needs_the_offset_of_its_time() -> None:
    mounted = (Mounting(datetime(2026, 11, 22, 23, 0, tzinfo=UTC), "", 400.0),)
    found = dta(DTA, {"Hladina": "distance"}, mounted)
    assert rows(found.readings) == [("22 23:00", LEVEL, 287.1)]
    assert [fault[:25] for fault in found.faults] == ["no mounting is configured"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<binaries>", "", "part <binaries> is missing"),
        ("<station>", "", "part <station> is missing"),
        ("00123\t1", "00999\t1", "'00999' is linked to no station"),
        ("00123\t1", "00123\t", "UTC_Offset '' is no offset"),
        ("00123\t1", "00123\t99", "UTC_Offset '99'"),
        ("00123\t1\n", "00123\t1\nother\t2\t1\n", "2 rows"),
        ('"Time"\t"Hladina"', '"Cas"\t"Hladina"', "not Time"),
        ('"Time"\t"Hladina"\t"Srazky"', '"Time"\t"Hladina"\t"Hladina"', "twice"),
    ],
)
def test_a_dta_file_that_is_not_whole_or_not_ours(old: str, new: str, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        dta(DTA.replace(old.encode(), new.encode(), 1))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("112,4", "112.4", "decimal mark"),
        ("22.11.2026 23:50:00", "31.11.2026 23:50:00", "time stamp"),
        ("\tcm", "\tyd", "unknown unit 'yd'"),
        ('"Hladina"', '"Stav"', "no channel 'Hladina'"),
    ],
)
def test_a_bad_cell_is_named_and_the_others_used(old: str, new: str, reason: str) -> None:
    found = dta(DTA.replace(old.encode(), new.encode()))
    assert found.readings
    assert any(reason in fault for fault in found.faults)


@pytest.mark.shows("decoder", "export")
def test_an_export_says_what_it_says() -> None:
    found = export(CSV, VILLAGE, mounted=(Mounting(None, "", 400.0),))
    assert rows(found.readings) == [
        ("22 22:50", LEVEL, 112.4), ("22 22:50", RAIN, 0.2), ("22 23:00", RAIN, 0.0),
        ("22 23:10", LEVEL, 113.0), ("22 23:10", LEVEL, 113.0),
    ]  # fmt: skip
    assert found.faults == []
    assert rows(export(JSON, SERVER).readings) == [("22 22:50", LEVEL, 112.4)]


@pytest.mark.parametrize(
    ("body", "form", "reason"),
    [
        (CSV, replace(VILLAGE, encoding="utf-8"), "not utf-8"),
        (CSV, replace(VILLAGE, separator=","), "the column 'Stanice' 0 times"),
        (CSV, replace(VILLAGE, columns=(Column("Hladina", "level", "cm"),)), "the column 'Hladina' 0 times"),
        (CSV, replace(VILLAGE, time_format="%Y-%m-%d %H:%M"), "not of the form"),
        (CSV.replace(b"LVS-1", b"LVS-9"), VILLAGE, "'LVS-9' and of no station that this export feeds"),
        (CSV.replace(b",", b"."), replace(VILLAGE, missing=("", "-", "-999", "0.0", "0.2")), "decimal mark"),
        (JSON, replace(SERVER, rows="data"), "no list of rows"),
        (JSON, replace(SERVER, rows="."), "no list of rows"),
        (JSON, replace(SERVER, zone="Europe/Prague"), "carries a zone"),
        (JSON[:-5], SERVER, "not a JSON file"),
        (b"[" * 100_000, SERVER, "not a JSON file"),
    ],
)
def test_what_does_not_fit_its_form_is_refused_not_guessed(body: bytes, form: Export, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        export(body, form)


def test_a_row_with_a_cell_too_few_is_no_row() -> None:
    found = export(CSV.replace(b"00:10;113,0;2870;-", b"00:10;113,0;2870"), VILLAGE)
    assert "5 cells, the header 6" in found.faults[0]
    assert len(found.readings) == 3


def test_a_file_of_one_station_needs_no_column_of_stations() -> None:
    form = Export("one", "csv", ("t",), "unix", "UTC", (Column("v", "level", "mm"),), separator=",")
    found = export(b"t,v\n1795388400,1124\n1795389000,\n1795389600,-40\n", form, "")
    assert rows(found.readings) == [("22 23:00", LEVEL, 112.4), ("22 23:20", LEVEL, -4.0)]


# --- the two nights of the clock ---

AUTUMN = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)
SPRING = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
TENS = [timedelta(minutes=10 * n) for n in range(24)]
LOCAL = Export("one", "csv", ("t",), "%d.%m.%Y %H:%M", "Europe/Prague", (Column("v", "level", "cm"),), "order")


def night(begin: datetime, form: Export, *, backward: bool = False) -> Heard:
    """A file of that night, one row in ten minutes, the value its number."""
    lines = [f"{(begin + step).astimezone(PRAGUE):%d.%m.%Y %H:%M};{n}" for n, step in enumerate(TENS)]
    return export("\n".join(["t;v", *(reversed(lines) if backward else lines)]).encode(), form, "")


def shifts(found: Heard, begin: datetime) -> set[timedelta]:
    """By how much readings moved."""
    return {r.observed_at - begin - TENS[int(r.value or 0)] for r in found.readings}


@pytest.mark.shows("dst", "export")
@pytest.mark.parametrize("begin", [AUTUMN, SPRING])
@pytest.mark.parametrize("backward", [False, True])
def test_by_the_order_of_rows_nothing_moves(begin: datetime, backward: bool) -> None:
    found = night(begin, LOCAL, backward=backward)
    assert len(found.readings) == len(TENS)
    assert shifts(found, begin) == {timedelta(0)}


@pytest.mark.parametrize(("rule", "kept", "moved"), [("refuse", 12, set()), ("first", 18, {-1}), ("second", 18, {1})])
def test_the_stated_rule_of_the_hour_that_comes_twice(rule: str, kept: int, moved: set[int]) -> None:
    found = night(AUTUMN, replace(LOCAL, repeated_hour=rule))
    assert shifts(found, AUTUMN) == {timedelta(0)} | {timedelta(hours=h) for h in moved}
    assert len(found.readings) == (kept if rule == "refuse" else len(TENS))
    assert len(found.faults) == (12 if rule == "refuse" else 0)


@pytest.mark.parametrize("rule", ["refuse", "first", "second", "order"])
def test_an_hour_that_does_not_exist_is_refused(rule: str) -> None:
    with pytest.raises(DecodeError, match="the hour that the clocks leave out"):
        export(b"t;v\n29.03.2026 02:30;1\n", replace(LOCAL, repeated_hour=rule), "")


@pytest.mark.parametrize("zone", ["UTC", "+01:00", "-03:30"])
def test_a_fixed_offset_knows_no_summer(zone: str) -> None:
    found = night(AUTUMN, replace(LOCAL, zone=zone))
    assert len(found.readings) == len(TENS)
    place = rowtimes.zone_of(zone)
    walls = [(AUTUMN + step).astimezone(PRAGUE).replace(tzinfo=place) for step in TENS]
    assert [r.observed_at for r in found.readings] == walls


@pytest.mark.shows("dst", "fiedler")
@pytest.mark.parametrize("begin", [AUTUMN, SPRING])
def test_the_offset_of_a_logger_stands_in_its_file(begin: datetime) -> None:
    head, tail = DTA.decode().split("22.11.2026 23:50:00")[0], "\n<binaries>\n"
    lines = [
        f"{begin + step + timedelta(hours=1):%d.%m.%Y %H:%M:%S}\t{n},0\t0,0\t4,0\t12,6" for n, step in enumerate(TENS)
    ]
    found = dta((head + "\n".join(lines) + tail).encode(), {"Hladina": "level"})
    assert [r.observed_at for r in found.readings] == [begin + step for step in TENS]
