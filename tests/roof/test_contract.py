"""The one OpenAPI document against the routes of all rooms as the roof composes them."""

import re
from pathlib import Path

from psycopg_pool import AsyncConnectionPool

from floodcore.house import House
from floodcore.network.model import Network
from floodcore.settings import Settings
from floodcore.supervision import Supervisor
from floodcore.texts import Texts
from hladina.compose import ROOMS, rooms
from portal import contract

FEED_FILES = ("atom.xml", "rss.xml", "fat.atom", "current.xml")


async def test_every_door_of_the_house_stands_in_the_document(texts: Texts) -> None:
    settings = Settings("postgresql://nowhere.invalid/x", Path())
    house = House(settings, AsyncConnectionPool("", open=False), Network(), texts, Supervisor(settings.clock))
    doors = {plain for room in rooms(ROOMS) for route in room.routes(house) for plain in spelled(route.path)}
    machine = {path for path in doors if path.startswith(("/api/", "/feed/", "/hooks/", "/health", "/metrics"))}
    document = contract.document()["paths"]
    assert isinstance(document, dict)
    assert machine - {"/api/{}"} == set(map(nameless, document))  # whatever else is asked under /api gets a plain 404


def nameless(path: str) -> str:
    return re.sub(r"\{[^/]*?\}", "{}", path)


def spelled(path: str) -> list[str]:
    """Without the names and patterns of places; one route may serve several files."""
    if path.endswith("}") and "/feed/" in path and "/cap/" not in path:
        return [path[: path.index("{")] + name for name in FEED_FILES]
    return [re.sub(r"\{[^/]*\}(?=/|\.xml|$)", "{}", path)]
