"""Loggers and networks that push by HTTP, in the shapes of `simulators.carriers`, and keep until a 2xx comes."""

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from floodcore.clock import Clock
from simulators.carriers import UNITS, WAYS, Parcel, contract
from simulators.sample import Feed, Sample

_log = logging.getLogger("simulators.push")
_RETRY_S = 0.5
_REFUSED_FOR_GOOD = frozenset({400, 413, 422})  # 401, 403 and 404 are for the operator to mend: keep


def body(feed: Feed, samples: Sequence[Sample], sequence: int, sent: datetime) -> dict[str, object]:
    """The JSON of one push of our contract."""
    said: dict[str, object] = json.loads(contract(feed, samples, sequence, sent).body)
    return said


@dataclass(slots=True)
class _Door:
    """Where loggers push: the house, the keys of the stations, the clock of the data; `away` since it failed."""

    session: aiohttp.ClientSession
    base_url: str
    keys: Mapping[str, str]
    clock: Clock
    away: bool = False

    async def run(self, feed: Feed, since: datetime) -> None:
        """Send one feed's samples as they fall due, the oldest first."""
        waiting = [sample for sample in feed.samples if sample.sent_at >= since]
        sequence = 0
        while waiting:
            remaining = self.clock.real_seconds((waiting[0].sent_at - self.clock.now()).total_seconds())
            if remaining > 0:
                await asyncio.sleep(remaining)
            now = self.clock.now()
            way = WAYS[feed.way]
            due = [sample for sample in waiting[: way.at_once] if sample.sent_at <= now]
            if not due:
                continue
            if await self._accepted(feed, way.pack(feed, due, sequence, now)):
                waiting = waiting[len(due) :]
                sequence += 1
            else:
                await asyncio.sleep(_RETRY_S)

    async def _accepted(self, feed: Feed, parcel: Parcel) -> bool:
        """Whether the logger may forget the samples: stored (2xx), or refused whatever the operator does."""
        key = self.keys.get(parcel.user)
        headers = {"Content-Type": "application/octet-stream"}
        if key is not None:
            headers["Authorization"] = aiohttp.encode_basic_auth(parcel.user, key)
        try:
            async with self.session.post(f"{self.base_url}{parcel.path}", data=parcel.body, headers=headers) as answer:
                if answer.status in _REFUSED_FOR_GOOD:
                    _log.warning("%s: push refused with %d", feed.station_id, answer.status)
                    return True
                self._noted(ok=answer.ok, said=f"answered {answer.status}")
                return answer.ok
        except (aiohttp.ClientError, TimeoutError) as error:
            self._noted(ok=False, said=str(error) or type(error).__name__)
            return False

    def _noted(self, *, ok: bool, said: str) -> None:
        """Say once that the house does not take what is pushed; it is kept and pushed again."""
        if not ok and not self.away:
            _log.warning("%s does not take pushes, loggers keep their samples: %s", self.base_url, said)
        self.away = not ok


async def push(base_url: str, feeds: Iterable[Feed], keys: Mapping[str, str], clock: Clock, since: datetime) -> None:
    """Let every feed that pushes send what falls due from `since` on; returns after the last sample."""
    timeout = aiohttp.ClientTimeout(total=10.0)
    async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
        door = _Door(session, base_url, keys, clock)
        for feed in feeds:
            if feed.way in WAYS and feed.quantity in UNITS:
                group.create_task(door.run(feed, since))
