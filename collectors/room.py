"""What the collectors' room offers to the roof: the stages that fetch, the route that takes."""

import logging
from functools import partial

from aiohttp import web

from collectors import catalogue, doors, drop, hooks, polling, push, repair, texts, uplinks, uploads
from floodcore.house import House
from floodcore.supervision import Stage

_log = logging.getLogger("hladina.collectors")


def stages(house: House) -> dict[str, Stage]:
    """A stage for each source that is configured; what is not configured is not asked."""
    found: dict[str, Stage] = {}
    for polled in catalogue.POLLED:
        if house.settings.base_url(polled.name):
            found[f"poll.{polled.name}"] = partial(polling.poll, house, polled)
    if house.settings.mqtt_url:
        found["mqtt"] = partial(uplinks.listen, house)
    if house.settings.drop is not None:
        found["drop"] = partial(drop.watch, house)
    found["texts"] = partial(texts.read_texts, house)
    found["repair"] = partial(repair.keep_complete, house)
    return found


def routes(house: House) -> list[web.RouteDef]:
    """The addresses that take readings over HTTP; says at once when they are closed to all who would send."""
    if doors.closed(house.settings):
        _log.warning("pushes, uploads and webhooks get 403: nobody has a key, set HLADINA_INGEST_KEYS=name=key,…")
    taking = [*push.routes(house), *hooks.routes(house), *uploads.routes(house)]
    return [*taking, *doors.only_taking(taking)]
