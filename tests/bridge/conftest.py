"""A little network on the Neisse, and both schema engines."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
import xmlschema
from lxml import etree

from bridge_de.compose import Publisher
from floodcore.network.model import Limits, Names, Network, Partner, Place, River, Station
from floodcore.texts import Texts
from floodcore.words import Degree, Language, Quantity

SCHEMA = Path(__file__).with_name("cap12.xsd")


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
                "320000", "Hrádek nad Nisou", (175.0, 210.0, 240.0), lat=50.85, lon=14.84, upstream=("316000",)
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
        found = [] if first.validate(root) else [str(error) for error in first.error_log]
        assert bool(found) != second.is_valid(root), found
        return found

    return errors
