"""The stage that reads the texts that came in: of loggers by the pattern of their site, of patrols by one grammar.

One transaction a text: its readings, its outcome. What dies before the commit is read again.
"""

import asyncio

from psycopg import AsyncConnection

from collectors import loggertexts, patrols
from collectors.faults import DecodeError
from collectors.mounted import Heard, first_fault
from collectors.settling import settle_all
from floodcore.house import House
from floodcore.phones import without_phones
from floodcore.store import inbound
from floodcore.store.inbound import LOGGER, PATROL, Text
from floodcore.store.ingest import Stored, durable
from floodcore.store.sources import Refused
from floodcore.supervision import Pulse

_LOOK_EVERY_S = 1.0


async def read_texts(house: House, pulse: Pulse) -> None:
    """Read what waits until cancelled.

    Raises:
        psycopg.Error: a text could not be read; it still waits.
    """
    while True:
        async with house.pool.connection() as conn:
            while await read_one(house, conn):
                pulse.beat()
        pulse.beat()
        await asyncio.sleep(_LOOK_EVERY_S)


async def read_one(house: House, conn: AsyncConnection) -> bool:
    """Read the oldest text that waits; False when none does."""
    async with durable(conn):
        texts = await inbound.waiting(conn, 1)
        if not texts:
            return False
        text = texts[0]
        source = patrols.KIND if text.sender.startswith(PATROL) else loggertexts.KIND
        heard, refused = _decoded(house, text, source)
        stored = await settle_all(conn, source, heard, refused, house.clock.now())
        await inbound.read(conn, text, _outcome(stored), len(heard.readings), house.clock.now())
    return True


def _decoded(house: House, text: Text, source: str) -> tuple[Heard, list[Refused]]:
    stations = house.network.stations
    evidence = without_phones(text.body).encode()
    try:
        if source == patrols.KIND:
            return Heard([patrols.decode(text.body, stations, text.received_at)]), []
        heard = loggertexts.decode(text.body, text.sender.removeprefix(LOGGER), stations, text.received_at)
    except DecodeError as error:
        return Heard(), [Refused(source, text.sender, without_phones(str(error)), evidence)]
    faults = [Refused(source, text.sender, without_phones(first_fault(heard.faults)), evidence)] if heard.faults else []
    return heard, faults


def _outcome(stored: Stored) -> str:
    if stored.new:
        return "stored"
    if stored.contradictory:
        return "contradicts"
    return "repeated" if stored.repeated else "refused"
