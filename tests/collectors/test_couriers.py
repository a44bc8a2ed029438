"""Simulated gauges that put files into the watched folder or send texts: a running house reads what they measured."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

import alerting.room
from collectors import drop, texts
from collectors.files import inboxes
from floodcore.clock import Clock
from floodcore.network.model import Link, Mounting, Network
from floodcore.settings import Twilio
from floodcore.store.connect import Pool
from floodcore.words import Quantity
from simulators import couriers
from simulators.couriers import Gateway, Said
from simulators.sample import Feed, Sample
from tests.collectors.conftest import STATIONS, VILLAGE, a_station

if TYPE_CHECKING:
    from tests.collectors.conftest import Houses

LEVEL, RAIN = Quantity.LEVEL, Quantity.RAIN
PRAGUE = ZoneInfo("Europe/Prague")
STEP = timedelta(minutes=10)
NOW = datetime.now(UTC).replace(microsecond=0, second=0) - timedelta(hours=1)
NUMBERS = {"lan": "+420600000071", "": "+420600000072"}
TOKEN = "oftest"  # noqa: S105  # no secret
TEXTED = (
    a_station(
        "lan",
        Link("sms", mounted=(Mounting(None, "", 400.0),), zone="Europe/Prague",
             pattern="LVS*ODSTUP={distance:mm};SRAZKY={rain:mm};{date} {time}*"),
        LEVEL, RAIN,
    ),
    a_station("lat", Link("patrol"), LEVEL),
)  # fmt: skip
NETWORK = Network(stations={each.id: each for each in (*STATIONS, *TEXTED)}, exports={VILLAGE.id: VILLAGE})
WHOLE = Said(NOW, NOW, {LEVEL: 112.5, RAIN: 0.4})


def feeds(*ids: str) -> list[Feed]:
    """Three moments of a level and of rain, one of them a level that is no number."""
    levels = (112.0, float("nan"), 118.5)
    found = []
    for station in (NETWORK.stations[each] for each in ids):
        link = station.links[0]
        for quantity in station.quantities:
            values = levels if quantity is LEVEL else (0.0, 0.2, 1.4)
            samples = tuple(Sample(NOW + n * STEP, value, NOW + n * STEP) for n, value in enumerate(values))
            found.append(Feed(station.id, quantity, link.kind, link.address, "", 400.0, STEP, samples))
    return found


async def stored(pool: Pool) -> set[tuple[str, str, int, float]]:
    """Station, quantity, minutes after the first moment, value."""
    statement = "SELECT station_id, quantity, observed_at, value FROM observation JOIN series USING (series_id)"
    async with pool.connection() as conn:
        rows = await (await conn.execute(statement)).fetchall()
    return {
        (station, quantity, round((at - NOW) / timedelta(minutes=1)), value) for station, quantity, at, value in rows
    }


async def test_files_are_put_there_whole_and_read(
    houses: "Houses", pool: Pool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await couriers.drop(tmp_path, feeds("logger", "obec", "brod"), NETWORK, Clock(), NOW)
    assert sorted(path.parent.name for path in tmp_path.rglob("*.*")) == ["logger", "obec"]
    assert caplog.records == []
    house = replace(houses(drop=tmp_path), network=NETWORK)
    watched = drop.Watch(tmp_path, inboxes(NETWORK))
    assert await drop.one_round(house, watched, 0.0) == 0
    assert await drop.one_round(house, watched, 10.0) == 2
    said = [("level", 0, 112.0), ("level", 20, 118.5), ("rain", 0, 0.0), ("rain", 10, 0.2), ("rain", 20, 1.4)]
    assert await stored(pool) == {(station, *each) for station in ("logger", "obec") for each in said}


async def test_texts_go_through_the_hook_of_the_gateway(
    houses: "Houses",
    pool: Pool,
    application_runs: Callable[[web.Application], AbstractAsyncContextManager[str]],
) -> None:
    built = houses(
        twilio=Twilio("AC", TOKEN, "+420600000000", "http://127.0.0.1:1"),
        public_url="https://hladina.example",
        sms_loggers={"lan": NUMBERS["lan"]},
        patrol_phones={"novak": NUMBERS[""]},
    )
    house = replace(built, network=NETWORK)
    application = web.Application()
    application.add_routes(alerting.room.routes(house))
    async with application_runs(application) as url:
        gateway = Gateway(url, "https://hladina.example", TOKEN, NUMBERS)
        await couriers.text(gateway, feeds("lan", "lat"), NETWORK, Clock(), NOW)
    async with pool.connection() as conn:
        while await texts.read_one(house, conn):
            pass
    assert await stored(pool) == {
        ("lan", "level", 0, 112.0), ("lan", "level", 20, 118.5), ("lan", "rain", 0, 0.0), ("lan", "rain", 20, 1.4),
        ("lat", "level", 0, 112.0), ("lat", "level", 20, 118.5),
    }  # fmt: skip


async def test_a_house_that_does_not_take_texts_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    gateway = Gateway("http://127.0.0.1:1", "", TOKEN, NUMBERS)
    with caplog.at_level(logging.WARNING), pytest.raises(TimeoutError):
        async with asyncio.timeout(1.8):
            await couriers.text(gateway, feeds("lan"), NETWORK, Clock(), NOW)
    assert [record.message.split(":")[0] for record in caplog.records] == ["the hook for texts does not answer"]


def test_what_was_not_measured_makes_no_text() -> None:
    lan, lat = (each.links[0] for each in TEXTED)
    assert couriers.text_of(lan, "lan", Said(NOW, NOW, {RAIN: 0.2})) is None
    assert couriers.text_of(lat, "lat", Said(NOW, NOW, {})) is None
    assert couriers.text_of(lat, "lat", WHOLE) == f"Stav lat 112,5 {NOW.astimezone(PRAGUE):%H:%M}"


@pytest.mark.parametrize(
    ("measures", "unit", "shown"),
    [
        ("level", "cm", 112.5), ("level", "mm", 1125.0), ("level", "m", 1.125), ("distance", "mm", 2875.0),
        ("depth", "mm", None), ("rain", "mm", 0.4), ("discharge", "l/s", None), ("battery", "V", None),
    ],
)  # fmt: skip
def test_what_a_sensor_shows(measures: str, unit: str, shown: float | None) -> None:
    assert couriers.measured(TEXTED[0].links[0], measures, unit, WHOLE) == shown
