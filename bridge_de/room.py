"""What the room offers the roof: one background stage and the feed's routes."""

from functools import partial

from aiohttp import web

from bridge_de.publish import publish, publisher_of
from bridge_de.serve import Desk, Stream, preflight, refused
from floodcore.house import House
from floodcore.supervision import Stage

_FILES = r"{file:atom\.xml|rss\.xml|fat\.atom|current\.xml}"
_ANY = "/feed/{rest:.*}"
_WRITING = ("POST", "PUT", "PATCH", "DELETE")
_IDENTIFIER = r"{identifier:[A-Za-z0-9._-]{1,200}}"


def stages(house: House) -> dict[str, Stage]:
    """`bridge.publish`: events to stored CAP messages."""
    return {"bridge.publish": partial(publish, house)}


def streams(*, exercise: bool) -> tuple[Stream, Stream]:
    """The public stream and the one of exercises.

    The public one carries Actual messages only, except in a house whose every input is invented: there
    it carries its exercise, titled as such. Tests never leave the exercise stream.
    """
    public = ("Actual", "Exercise") if exercise else ("Actual",)
    return Stream("/feed", public, exercise), Stream("/feed/exercise", ("Exercise", "Test"), exercise=True)


def routes(house: House) -> list[web.RouteDef]:
    """The feeds, documents and status of both streams. `web.get` answers HEAD as well."""
    found = [web.options(_ANY, preflight), *(web.route(method, _ANY, refused) for method in _WRITING)]
    for stream in streams(exercise=house.settings.exercise):
        desk = Desk(house, publisher_of(house), stream)
        found += [
            web.get(f"{stream.path}/{_FILES}", desk.feed),
            web.get(f"{stream.path}/cap/{_IDENTIFIER}.xml", desk.document),
            web.get(f"{stream.path}/status.json", desk.status),
        ]
    return found
