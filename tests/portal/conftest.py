"""A house with a small network, a real database and a real server on loopback."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from lxml import etree, html
from psycopg_pool import AsyncConnectionPool

from floodcore.house import House, Pool
from floodcore.network.model import Limits, Link, Names, Network, Partner, Place, River, Station
from floodcore.settings import Settings
from floodcore.supervision import Supervisor
from floodcore.texts import Texts
from floodcore.words import Degree, Flag, Language, Quantity
from portal import room

TEN_MINUTES = timedelta(minutes=10)
LIMITS = Limits(
    Quantity.LEVEL,
    {Degree.VIGILANCE: 175.0, Degree.READINESS: 210.0, Degree.EMERGENCY: 240.0, Degree.EXTREME: 360.0},
    "flood plan",
    date(2026, 2, 6),
)
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


def small_network() -> Network:
    """Upper and lower gauge, a Saxon, a Polish, a rain gauge, one without coordinates, one with a hostile name."""
    river = "nisa"
    upper = Station(
        "316000", Names("Liberec"), river, "CZ", "ČHMÚ", (Quantity.LEVEL, Quantity.DISCHARGE), TEN_MINUTES,
        lat=50.768, lon=15.052, river_km=241.5, limits=(LIMITS,), links=(Link("chmu", "0-203-1-316000"),),
    )  # fmt: skip
    lower = replace(upper, id="320000", names=Names("Hrádek nad Nisou"), lat=50.854, lon=14.823, river_km=None,
                    upstream=("316000",), places=("hradek",), catchment_km2=356.4)  # fmt: skip
    saxon = replace(upper, id="660100", names=Names("Zittau 1"), country="DE", upstream=("320000",), lat=50.9, lon=14.8,
                    quantities=(Quantity.LEVEL,), limits=(replace(LIMITS, scheme="alarmstufe"),))  # fmt: skip
    polish = replace(saxon, id="150140010", names=Names("Porajów"), country="PL", lat=50.88, upstream=(),
                     limits=(Limits(Quantity.LEVEL, {Degree.VIGILANCE: 120.0, Degree.READINESS: 160.0}, "IMGW", None,
                                    scheme="imgw"),))  # fmt: skip
    rain = replace(upper, id="rain-1", names=Names("Bedřichov"), quantities=(Quantity.RAIN,), limits=(), lat=50.79,
                   lon=15.14, synthetic=True)  # fmt: skip
    bare = replace(upper, id="nowhere", names=Names("Mníšek"), lat=None, lon=None, limits=(), links=())
    hostile = replace(upper, id="=x'\"<&>/?", names=Names(HOSTILE), operator=HOSTILE, note=HOSTILE, source=HOSTILE)
    return Network(
        rivers={
            river: River(
                river,
                Names("Lužická Nisa", {Language.DE: "Lausitzer Neiße"}),
                "Odra",
                course=((50.72, 15.13), (50.768, 15.052), (50.854, 14.823), (51.15, 15.0)),
            ),
            "bila": River("bila", Names(HOSTILE), "Odra", river),
        },
        stations={s.id: s for s in (upper, lower, saxon, polish, rain, bare, hostile)},
        places={"hradek": Place("hradek", Names("Hrádek nad Nisou", {Language.DE: "Grottau"}), "CZ", 50.85, 14.84)},
        partners={"lhwz": Partner("lhwz", Names("LHWZ"), "DE", (Language.DE,))},
        outline=((50.55, 14.4), (51.02, 15.03), (50.6, 15.6)),
    )


def parsed(text: str, *, strict: bool = False) -> Any:
    """A page as a tree; `strict` refuses what a browser would have to guess. Any, since XPath has no types."""
    return html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8", recover=not strict))


def svg_parsed(text: str) -> Any:
    """A picture as a tree; refuses what is not well-formed XML."""
    return etree.fromstring(text)


@dataclass(frozen=True, slots=True)
class Running:
    """A served portal: where it is, the house behind it, a client."""

    base: str
    house: House
    client: ClientSession


@pytest.fixture
def settings(database: str) -> Settings:
    """Settings of an ordinary house on the fresh database."""
    return Settings(database, Path())


@pytest.fixture
def house(settings: Settings, pool: Pool, texts: Texts) -> House:
    """The house of the tests."""
    return House(settings, pool, small_network(), texts, Supervisor(settings.clock))


@pytest.fixture
def unplugged(texts: Texts) -> House:
    """A house whose pool was never opened: for rendering states that no database could hold so quickly."""
    settings = Settings("postgresql://nowhere.invalid/x", Path())
    return House(settings, _closed_pool(), small_network(), texts, Supervisor(settings.clock))


def _closed_pool() -> Pool:
    return AsyncConnectionPool("", open=False)


Serve = Callable[[House], Awaitable[Running]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve a house on a free port; everything is closed at the end."""
    runners: list[web.AppRunner] = []
    clients: list[ClientSession] = []

    async def start(house: House) -> Running:
        application = web.Application()
        application.add_routes(room.routes(house))
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        client = ClientSession(f"http://127.0.0.1:{port}", auto_decompress=False)
        clients.append(client)
        return Running(f"http://127.0.0.1:{port}", house, client)

    yield start
    for client in clients:
        await client.close()
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def portal(house: House, serve: Serve) -> Running:
    """The served portal of the tests' house."""
    return await serve(house)


async def put(
    pool: Pool,
    station: str,
    value: float | None,
    degree: int | None,
    *,
    age: timedelta = timedelta(minutes=3),
    quantity: Quantity = Quantity.LEVEL,
    flag: Flag = Flag.GOOD,
    test: str = "",
    trend: str = "rising",
    judged: bool = True,
) -> datetime:
    """Store one value and the state the engine would have made of it, and notify; returns its time."""
    at = datetime.now(UTC).replace(microsecond=0) - age
    unit = {Quantity.LEVEL: "cm", Quantity.DISCHARGE: "m3/s", Quantity.RAIN: "mm"}[quantity]
    async with pool.connection() as conn, conn.transaction():
        await conn.execute("INSERT INTO rule_version VALUES ('t', '{}', now()) ON CONFLICT DO NOTHING")
        cursor = await conn.execute(
            "INSERT INTO series (station_id, quantity, unit) VALUES (%s, %s, %s)"
            " ON CONFLICT (station_id, quantity) DO UPDATE SET unit = excluded.unit RETURNING series_id",
            (station, quantity.value, unit),
        )
        row = await cursor.fetchone()
        assert row is not None
        await conn.execute(
            "INSERT INTO observation VALUES (%s, %s, %s, %s, %s, %s, %s, false, 'test', now())",
            (row[0], at, value, value, unit, int(flag), test),
        )
        await conn.execute(
            "INSERT INTO tip VALUES (%s, %s) ON CONFLICT (series_id) DO UPDATE"
            " SET newest_at = greatest(tip.newest_at, excluded.newest_at)",
            (row[0], at),
        )
        if judged:
            await conn.execute("DELETE FROM series_state WHERE series_id = %s", (row[0],))
            await conn.execute(
                "INSERT INTO series_state (series_id, rule_version, judged_until, lifecycle, degree, value,"
                " observed_at, trend, trend_per_hour, flag, test, updated_at)"
                " VALUES (%s, 't', %s, '{}', %s, %s, %s, %s, 12.5, %s, %s, %s)",
                (row[0], at, degree, value, at, trend, int(flag), test, at),
            )
        await conn.execute("NOTIFY hladina_change")
    return at


async def past(pool: Pool, station: str, values: list[tuple[float, float]], *, flag: Flag = Flag.GOOD) -> None:
    """Store older levels of a station that has one already, as (minutes ago, cm)."""
    now = datetime.now(UTC).replace(microsecond=0)
    async with pool.connection() as conn, conn.transaction():
        cursor = await conn.execute("SELECT series_id FROM series WHERE station_id = %s", (station,))
        row = await cursor.fetchone()
        assert row is not None
        rows = [(row[0], now - timedelta(minutes=ago), value, value, int(flag)) for ago, value in values]
        await conn.cursor().executemany(
            "INSERT INTO observation VALUES (%s, %s, %s, %s, 'cm', %s, '', false, 'test', now())", rows
        )


async def happen(
    pool: Pool, station: str, to_degree: int, *, at: datetime, kind: str = "reached", author: str = "", was: int = 0
) -> None:
    """Write one event."""
    async with pool.connection() as conn, conn.transaction():
        await conn.execute(
            "INSERT INTO event (station_id, quantity, kind, at, from_degree, to_degree, reason, value, unit,"
            " limit_value, trend, trend_per_hour, chain, rule_version, author, exercise)"
            " VALUES (%s, 'level', %s, %s, %s, %s, 'rise', 215, 'cm', 210, 'rising', 12, 'chain', 't', %s, false)",
            (station, kind, at, was, to_degree, author),
        )
        await conn.execute("NOTIFY hladina_event")
