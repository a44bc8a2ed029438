"""A little network on the Neisse, both schema engines, a house, and events as the engine writes them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import xmlschema
from lxml import etree

from bridge_de.compose import Publisher
from floodcore.clock import Clock
from floodcore.house import House, Pool
from floodcore.network.model import Limits, Names, Network, Partner, Place, River, Station
from floodcore.settings import Settings
from floodcore.store.warnings import ToldEvent
from floodcore.supervision import Supervisor
from floodcore.texts import Texts
from floodcore.words import Degree, Language, Quantity

START = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)  # the clocks change an hour later
SCHEMA = Path(__file__).with_name("cap12.xsd")


def told(**changes: object) -> ToldEvent:
    """Liberec reaches SPA 2."""
    event = ToldEvent(
        event_id=7,
        series_id=1,
        station_id="316000",
        quantity="level",
        kind="reached",
        at=START,
        from_degree=0,
        to_degree=2,
        value=132.0,
        unit="cm",
        trend="rising",
        chain="316000:level:2026-03-29T00:00",
        exercise=False,
        discharge=25.1,
    )
    return replace(event, **changes)  # type: ignore[arg-type]


def _gauge(name: str, label: str, values: tuple[float, ...], **more: object) -> Station:
    limits = Limits(
        Quantity.LEVEL,
        dict(zip((Degree.VIGILANCE, Degree.READINESS, Degree.EMERGENCY, Degree.EXTREME), values, strict=False)),
        "invented for the tests",
        date(2026, 1, 1),
        str(more.pop("scheme", "spa")),
    )
    fields: dict[str, object] = {
        "id": name,
        "names": Names(label),
        "river": "neisse",
        "country": "CZ",
        "operator": "tests",
        "quantities": (Quantity.LEVEL,),
        "interval": timedelta(minutes=10),
        "limits": (limits,) if values else (),
    }
    return Station(**(fields | more))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def little() -> Network:
    """Liberec above Hrádek above Zittau; a bare gauge of which nothing is known."""
    return Network(
        rivers={"neisse": River("neisse", Names("Lužická Nisa", {Language.DE: "Lausitzer Neiße"}), "odra")},
        stations={
            "316000": _gauge(
                "316000", "Liberec", (85.0, 125.0, 160.0, 342.0), lat=50.77, lon=15.05, places=("liberec",)
            ),
            "320000": _gauge(
                "320000",
                "Hrádek nad Nisou",
                (175.0, 210.0, 240.0),
                lat=50.85,
                lon=14.84,
                places=("zittau",),
                upstream=("316000",),
            ),
            "660100": _gauge(
                "660100",
                "Zittau 1",
                (200.0, 240.0),
                country="DE",
                scheme="alarmstufe",
                upstream=("320000",),
                places=("zittau",),
            ),
            "bare": _gauge("bare", "Bez souřadnic & <limitů>", ()),
        },
        places={
            "liberec": Place("liberec", Names("Liberec"), "CZ", 50.767, 15.056, "5105"),
            "zittau": Place("zittau", Names("Zittau", {Language.CS: "Žitava"}), "DE", 50.896, 14.807),
        },
        partners={
            "lhwz": Partner("lhwz", Names("Landeshochwasserzentrum"), "DE", (Language.DE,)),
            "zittau": Partner("zittau", Names("Zittau"), "DE", (Language.DE,), silence_after=timedelta(minutes=5)),
        },
    )


@pytest.fixture(scope="session")
def speaker(little: Network, texts: Texts) -> Publisher:
    """A house of which nothing is invented, so that its messages are Actual."""
    return Publisher("https://hladina.example", exercise=False, network=little, texts=texts)


@pytest.fixture(scope="session")
def structure() -> Callable[[bytes], list[str]]:
    """What both schema engines find wrong with a document; they must agree."""
    first = etree.XMLSchema(etree.parse(str(SCHEMA)))
    second = xmlschema.XMLSchema(str(SCHEMA))

    def errors(body: bytes) -> list[str]:
        root = etree.fromstring(body)
        found = [] if first.validate(root) else [str(first.error_log)]
        assert bool(found) != second.is_valid(root), found
        return found

    return errors


Happen = Callable[..., Awaitable[int]]
_EVENT = """
    INSERT INTO event (series_id, station_id, quantity, kind, at, from_degree, to_degree, reason, value, unit,
        trend, chain, rule_version, exercise, firm_from, firm_to, doubt)
    VALUES (%(series_id)s, %(station_id)s, 'level', %(kind)s, %(at)s, %(from_degree)s, %(to_degree)s, %(reason)s,
        %(value)s, 'cm', 'rising', %(chain)s, 'test', %(exercise)s, %(firm_from)s, %(firm_to)s, %(doubt)s)
    RETURNING event_id"""
_ANNOUNCEMENT = """
    INSERT INTO announcement (event_id, channel, priority, valid_until)
    VALUES (%s, 'cap', %s, now() + interval '1 hour'), (%s, 'sms', %s, now() + interval '1 hour')"""


@pytest.fixture
def happen(pool: Pool) -> Happen:
    """Write an event with its announcements in one transaction, as the engine does; returns its number."""

    async def write(**changes: object) -> int:
        row: dict[str, object] = {
            "series_id": None,
            "station_id": "316000",
            "kind": "reached",
            "reason": "test",
            "at": datetime.now(UTC),
            "from_degree": 0,
            "to_degree": 2,
            "value": 132.0,
            "chain": "316000:level:1",
            "exercise": False,
            "firm_from": None,
            "firm_to": None,
            "doubt": "",
        } | changes
        async with pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(_EVENT, row)
            found = await cursor.fetchone()
            assert found is not None
            number = int(found[0])
            await connection.execute(_ANNOUNCEMENT, (number, row["to_degree"], number, row["to_degree"]))
        return number

    return write


@pytest.fixture
def house(database: str, pool: Pool, little: Network, texts: Texts, tmp_path: Path) -> House:
    """A house on the real database with the wall clock."""
    settings = Settings(database, tmp_path, public_url="https://hladina.example")
    return House(settings, pool, little, texts, Supervisor(Clock()))
