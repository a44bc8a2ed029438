"""Texts of loggers and of flood patrols: what they say, when it was, who may say it, and that each is read once."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from collectors import loggertexts, patrols, texts
from collectors.faults import DecodeError
from floodcore.house import House
from floodcore.network.model import Link, Mounting, Names, Network, Station
from floodcore.store import inbound
from floodcore.store.connect import Pool
from floodcore.words import Quantity

if TYPE_CHECKING:
    from tests.collectors.conftest import Houses

FIXTURES = Path(__file__).with_name("fixtures")
PRAGUE = ZoneInfo("Europe/Prague")
LEVEL, RAIN, BATTERY = Quantity.LEVEL, Quantity.RAIN, Quantity.BATTERY
RECEIVED = datetime(2026, 11, 22, 23, 2, tzinfo=UTC)
DISTANCE = Link("sms", mounted=(Mounting(None, "", 400.0),), pattern="*ODSTUP={distance:mm};SRAZKY={rain:mm};*")
TIMED = Link("sms", pattern="Hladina {level:cm} cm {date} {time}*", zone="Europe/Prague")


def stations(*links: Link) -> Mapping[str, Station]:
    return {"LK-1": Station("LK-1", Names("Most"), None, "CZ", "", tuple(Quantity), timedelta(minutes=10), links=links)}


def read(body: str, *links: Link, at: datetime = RECEIVED) -> list[tuple[str, Quantity, float | None]]:
    found = loggertexts.decode(body, "LK-1", stations(*(links or (TIMED, DISTANCE))), at)
    return [(f"{r.observed_at:%d.%m. %H:%M}", r.quantity, r.value) for r in found.readings]


@pytest.mark.shows("decoder", "sms")
def test_a_text_is_read_by_the_pattern_of_its_site() -> None:
    assert read((FIXTURES / "sms.txt").read_text()) == [("22.11. 23:00", LEVEL, 112.4)]
    assert read((FIXTURES / "sms-distance.txt").read_text()) == [
        ("22.11. 23:02", LEVEL, 112.4),
        ("22.11. 23:02", RAIN, 0.4),
    ]
    assert read("HLADINA   -3.5 CM 22.11. 23:30 pozor!") == [("22.11. 22:30", LEVEL, -3.5)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("Hladina cm 23.11.2026 00:00", "fits none of the 2 patterns"),
        ("", "fits none"),
        ("Hladina 112,4 cm 31.11.2026 00:00", "is no time"),
        ("Hladina 112,4 cm 23.11.2026 25:00", "is no time"),
        ("Hladina 112,4 cm 24.11.2026 00:00", "still to come"),
        ("Hladina 112,4 cm 29.03.2026 02:30", "the clocks leave out"),
        ("Hladina 1124444 cm 23.11.2026 00:00", "fits none"),
    ],
)
def test_what_is_no_reading_has_a_reason(body: str, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        read(body)


def test_a_distance_needs_the_offset_of_its_time() -> None:
    later = replace(DISTANCE, mounted=(Mounting(RECEIVED + timedelta(days=1), "", 400.0),))
    with pytest.raises(DecodeError, match="no mounting is configured for 2026-11-22"):
        read("ODSTUP=2876;SRAZKY=x;", replace(later, pattern="ODSTUP={distance:mm};*"))


CLOCK = replace(TIMED, pattern="{level:cm} {time}")


@pytest.mark.parametrize(
    ("received", "time", "measured"),
    [
        ("2026-11-22T23:02Z", "00:00", "22.11. 23:00"),
        ("2026-11-22T23:02Z", "23:55", "22.11. 22:55"),
        ("2026-11-22T23:02Z", "00:06", "22.11. 23:06"),  # within what clocks may differ
        ("2026-11-22T23:02Z", "00:20", "21.11. 23:20"),  # would be to come: of yesterday
        ("2026-10-25T01:20Z", "02:10", "25.10. 00:10"),  # comes twice: the earlier, never fresher than it is
        ("2026-03-29T01:10Z", "01:55", "29.03. 00:55"),
        ("2026-03-29T01:10Z", "03:05", "29.03. 01:05"),
    ],
)
@pytest.mark.shows("dst", "sms")
def test_a_time_without_a_date_is_the_newest_that_is_not_to_come(received: str, time: str, measured: str) -> None:
    at = datetime.fromisoformat(received)
    assert read(f"80 {time}", CLOCK, at=at) == [(measured, LEVEL, 80.0)]


def test_a_date_without_a_year_in_the_first_night_of_the_year() -> None:
    at = datetime(2026, 12, 31, 23, 5, tzinfo=UTC)
    assert read("Hladina 80 cm 31.12. 23:55", at=at) == [("31.12. 22:55", LEVEL, 80.0)]


# --- people ---

GAUGE = stations(Link("patrol"))


@pytest.mark.shows("decoder", "patrol")
@pytest.mark.parametrize(
    ("body", "value", "measured"),
    [
        ("STAV LK-1 142", 142.0, "23:02"),
        ("stav lk-1 142,5 cm", 142.5, "23:02"),
        ("PEGEL LK-1 1.42m", 142.0, "23:02"),
        ("Stan LK-1 -3 cm 23:50", -3.0, "22:50"),
        (" LEVEL  LK-1  0\n", 0.0, "23:02"),
        ("LEVEL LK-1 142 cm 2026-11-22T22:45:00Z", 142.0, "22:45"),
    ],
)
def test_a_person_writes_it_in_four_languages(body: str, value: float, measured: str) -> None:
    reading = patrols.decode(body, GAUGE, RECEIVED)
    assert (reading.quantity, reading.value, f"{reading.observed_at:%H:%M}") == (LEVEL, value, measured)
    assert reading.raw_unit == "cm staff gauge"  # marked as read by a person


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("142", "not of the form"),
        ("STAV LK-1", "not of the form"),
        ("STAV LK-1 high", "not of the form"),
        ("STAV LK-1 142 ft", "not of the form"),
        ("STAV LK-1 99999", "not of the form"),
        ("STAV LK-2 142", "no station with a staff gauge"),
        ("STAV LK-1 142 25:00", "is no time"),
        ("STAV LK-1 142 2026-11-20T22:45:00Z", "more than a day old"),
        ("STAV LK-1 142 2026-11-23T22:45:00Z", "to come"),
        ("STAV LK-1 142 2026-99-99T22:45:00Z", "not ISO"),
    ],
)
def test_what_a_person_must_not_write(body: str, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        patrols.decode(body, GAUGE, RECEIVED)


@pytest.mark.shows("dst", "patrol")
def test_the_hour_that_comes_twice_is_never_fresher_than_it_is() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for hours in (0, 1):
        moment = first + timedelta(hours=hours)
        wall = f"{moment.astimezone(PRAGUE):%H:%M}"
        assert wall == "02:30"
        reading = patrols.decode(f"STAV LK-1 142 {wall}", GAUGE, moment + timedelta(minutes=5))
        assert reading.observed_at == first


def test_a_moved_staff_gauge_has_its_own_dated_shift() -> None:
    known = stations(Link("patrol", mounted=(Mounting(datetime(2026, 1, 1, tzinfo=UTC), shift_cm=-10.0),)))
    reading = patrols.decode("STAV LK-1 142", known, RECEIVED)
    assert (reading.value, reading.raw_value) == (132.0, 142.0)


# --- the stage ---


@pytest.fixture
def house(houses: "Houses") -> House:
    built: House = houses()
    known = stations(TIMED, DISTANCE, Link("patrol"))
    return replace(built, network=Network(stations=known))


async def put(pool: Pool, message: str, sender: str, body: str, channel: str = "sms") -> bool:
    async with pool.connection() as conn:
        return await inbound.keep(conn, channel, message, sender, body, datetime.now(UTC))


async def stored(pool: Pool) -> list[tuple[str, float, str, str]]:
    async with pool.connection() as conn:
        statement = (
            "SELECT quantity, value, raw_unit, source FROM observation JOIN series USING (series_id) ORDER BY 1, 2"
        )
        return await (await conn.execute(statement)).fetchall()


async def outcomes(pool: Pool) -> list[tuple[str, int]]:
    async with pool.connection() as conn:
        return await (await conn.execute("SELECT outcome, readings FROM inbound_text ORDER BY text_id")).fetchall()


async def read_all(house: House, pool: Pool) -> None:
    async with pool.connection() as conn:
        while await texts.read_one(house, conn):
            pass


@pytest.mark.shows("outage", "sms", "patrol")
async def test_each_text_is_read_once_and_what_dies_is_read_again(house: House, pool: Pool) -> None:
    assert await put(pool, "SM1", "logger:LK-1", "ODSTUP=2876;SRAZKY=0.4;BAT=12.4")
    assert not await put(pool, "SM1", "logger:LK-1", "ODSTUP=2876;SRAZKY=0.4;BAT=12.4")  # the gateway repeats
    assert await put(pool, "SM2", "patrol:novak", "STAV LK-1 142,5")
    assert await put(pool, "SM3", "patrol:novak", "help")
    assert await put(pool, "SM4", "logger:GONE", "80")
    async with pool.connection() as conn:
        await conn.execute("ALTER TABLE dirty RENAME TO gone")
    with pytest.raises(Exception, match="dirty"):
        await read_all(house, pool)
    assert await outcomes(pool) == [("", 0)] * 4
    async with pool.connection() as conn:
        await conn.execute("ALTER TABLE gone RENAME TO dirty")
    await read_all(house, pool)
    await read_all(house, pool)
    assert await outcomes(pool) == [("stored", 2), ("stored", 1), ("refused", 0), ("refused", 0)]
    assert await stored(pool) == [
        ("level", 112.4, "mm distance", "sms"),
        ("level", 142.5, "cm staff gauge", "patrol"),
        ("rain", 0.4, "mm", "sms"),
    ]
    async with pool.connection() as conn:
        reasons = await (await conn.execute("SELECT source, origin FROM quarantine ORDER BY 1")).fetchall()
        assert reasons == [("patrol", "patrol:novak"), ("sms", "logger:GONE")]
        assert len(await (await conn.execute("SELECT * FROM dirty")).fetchall()) == 2  # to be judged


async def test_no_telephone_number_stays_in_what_was_read(house: House, pool: Pool) -> None:
    assert await put(pool, "SM1", "patrol:novak", "help, call +420 600 000 001")
    assert await put(pool, "SM2", "logger:LK-1", "600 000 001 ODSTUP=2876;SRAZKY=0.4;tel 600000001")
    await read_all(house, pool)
    assert await outcomes(pool) == [("refused", 0), ("stored", 2)]
    async with pool.connection() as conn:
        kept = await (await conn.execute("SELECT body FROM inbound_text")).fetchall()
        evidence = await (
            await conn.execute("SELECT convert_from(payload, 'UTF8') || reason FROM quarantine")
        ).fetchall()
    assert len(kept) == 2
    assert len(evidence) == 1
    assert not any("600" in text for (text,) in kept + evidence)
    assert "ODSTUP=2876" in kept[1][0]


async def test_what_no_text_holds_is_left_out(pool: Pool) -> None:
    assert await put(pool, "SM1", "patrol:novak", "a\x00b\ud800" + "x" * 5000)
    async with pool.connection() as conn:
        (text,) = await inbound.of(conn, "patrol:novak", 5)
    assert len(text.body) <= inbound.TEXT_CAP
    assert text.body.startswith("ab")
