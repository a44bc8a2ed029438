"""Gauges that neither push nor publish: files put into a watched folder, texts that the gateway hands to its hook.

What a station would say goes by its first link: `fiedler` and `export` as files of the form that the configuration
names, `sms` by the pattern of the link, `patrol` as a person writes it. All is kept until it is put down or taken.
"""

import asyncio
import logging
import math
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import aiohttp

from floodcore.clock import Clock
from floodcore.network.model import Link, Network
from floodcore.words import Quantity
from simulators import files, texts
from simulators.gateway import sign
from simulators.sample import Feed

FILES = frozenset({"fiedler", "export"})
TEXTS = frozenset({"sms", "patrol"})
HOOK = "/hooks/twilio/inbound"
_RETRY_S = 0.5
_AT_ONCE = 500
_SPACE = UUID("00000000-0000-4000-8000-000000000003")
_IN_UNIT = {"mm": 10.0, "m": 0.01, "l/s": 1000.0, "mV": 1000.0}  # of what is cm, m³/s or V here
_DTA_UNITS = {"level": "cm", "distance": "mm", "depth": "mm", "discharge": "m3/s", "water_temperature": "°C"}
_FIELD = re.compile(r"\{(\w+)(?::([^}]+))?\}")
_log = logging.getLogger("simulators.couriers")


@dataclass(frozen=True, slots=True)
class Said:
    """What a station measured at one moment, in canonical units, and when that is out."""

    at: datetime
    sent_at: datetime
    values: Mapping[Quantity, float]


@dataclass(frozen=True, slots=True)
class Gateway:
    """How texts come in: the house as we reach it, and as the gateway knows it; the token that signs.

    `numbers` are telephone numbers by station (loggers), or under "" the one of a person of the patrols.
    """

    house: str
    public_url: str
    token: str
    numbers: Mapping[str, str]


@dataclass(slots=True)
class _Edge:
    """Says once that something does not work, and nothing while that lasts."""

    broken: bool = False

    def told(self, fault: str) -> bool:
        """Whether it worked; `fault` is empty when it did."""
        if fault and not self.broken:
            _log.warning("%s; kept and tried again", fault)
        self.broken = bool(fault)
        return not fault


Send = Callable[[Sequence[Said]], Awaitable[bool]]


async def drop(folder: Path, feeds: Iterable[Feed], network: Network, clock: Clock, since: datetime) -> None:
    """Put files into `folder` as they fall due from `since` on; returns after the last."""
    edge = _Edge()
    async with asyncio.TaskGroup() as group:
        for station_id, moments in by_station(feeds, FILES).items():
            link = network.stations[station_id].links[0]
            place = folder / station_id

            async def send(due: Sequence[Said], link: Link = link, place: Path = place) -> bool:
                name, body = file_of(link, network, due)
                return edge.told(await asyncio.to_thread(_put, place, name, body))

            group.create_task(_deliver(moments, clock, since, send, _AT_ONCE))


async def text(gateway: Gateway, feeds: Iterable[Feed], network: Network, clock: Clock, since: datetime) -> None:
    """Send texts as they fall due from `since` on, of all who have a number; returns after the last."""
    edge, timeout = _Edge(), aiohttp.ClientTimeout(total=10.0)
    async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
        for station_id, moments in by_station(feeds, TEXTS).items():
            link = network.stations[station_id].links[0]
            number = gateway.numbers.get(station_id if link.kind == "sms" else "", "")
            if not number:
                continue

            async def send(
                due: Sequence[Said], link: Link = link, station_id: str = station_id, number: str = number
            ) -> bool:
                body = text_of(link, station_id, due[0])
                key = f"{station_id}{due[0].at}"
                return body is None or edge.told(await _hand_over(session, gateway, number, body, key))

            group.create_task(_deliver(moments, clock, since, send, 1))


def by_station(feeds: Iterable[Feed], ways: frozenset[str]) -> dict[str, list[Said]]:
    """What each station that goes by one of `ways` says, moment by moment, in the order of sending."""
    found: dict[str, dict[tuple[datetime, datetime], dict[Quantity, float]]] = {}
    for feed in feeds:
        if feed.way in ways:
            station = found.setdefault(feed.station_id, {})
            for sample in feed.samples:
                values = station.setdefault((sample.sent_at, sample.at), {})
                if sample.value is not None and math.isfinite(sample.value):
                    values[feed.quantity] = sample.value
    return {key: [Said(at, sent, station[sent, at]) for sent, at in sorted(station)] for key, station in found.items()}


def file_of(link: Link, network: Network, due: Sequence[Said]) -> tuple[str, bytes]:
    """Name and content of the file that a logger or its server writes of `due`."""
    stamp = f"{due[-1].at.astimezone(UTC):%Y%m%dT%H%M%S}"
    if link.kind == "fiedler":
        units = {label: _DTA_UNITS.get(measures, "mm") for label, measures in link.channels.items()}
        wanted = [(link.channels[label], unit) for label, unit in units.items()]
        rows = [(one.at, [measured(link, measures, unit, one) for measures, unit in wanted]) for one in due]
        return f"{stamp}.dta", files.dta(link.address, 1, units, rows)
    form = network.exports[link.export]
    table = [(link.address, one.at, [measured(link, c.measures, c.unit, one) for c in form.columns]) for one in due]
    return f"{stamp}.{form.layout}", files.export(form, table)


def text_of(link: Link, station_id: str, said: Said) -> str | None:
    """The text of a logger by the pattern of its link, or of a person; None when what it needs was not measured."""
    if link.kind == "patrol":
        level = measured(link, "level", "cm", said)
        return None if level is None else texts.patrol(station_id, level, said.at)
    wall = said.at.astimezone(ZoneInfo(link.zone)) if link.zone else said.at
    words = {"date": f"{wall:%d.%m.%Y}", "time": f"{wall:%H:%M}"}
    for name, unit in _FIELD.findall(link.pattern):
        if name not in words:
            value = measured(link, name, unit, said)
            if value is None:
                return None
            words[name] = f"{value:g}"
    return _FIELD.sub(lambda found: words[found[1]], link.pattern.replace("*", ""))


def measured(link: Link, measures: str, unit: str, said: Said) -> float | None:
    """What the sensor of the newest mounting shows, in `unit`."""
    hung = link.mountings[-1]
    level = said.values.get(Quantity.LEVEL)
    shown = {
        "level": None if level is None else level - hung.shift_cm,
        "distance": None if level is None or hung.zero_cm is None else hung.zero_cm - level,
        "depth": None if level is None or hung.probe_cm is None else level - hung.probe_cm,
        "rain": said.values.get(Quantity.RAIN),
        "discharge": said.values.get(Quantity.DISCHARGE),
        "water_temperature": said.values.get(Quantity.WATER_TEMPERATURE),
    }.get(measures)
    factor = 1.0 if measures == "rain" else _IN_UNIT.get(unit, 1.0)
    return None if shown is None else round(shown * factor, 4)


async def _deliver(moments: Sequence[Said], clock: Clock, since: datetime, send: Send, at_once: int) -> None:
    waiting = [said for said in moments if said.sent_at >= since]
    while waiting:
        remaining = clock.real_seconds((waiting[0].sent_at - clock.now()).total_seconds())
        if remaining > 0:
            await asyncio.sleep(remaining)
        now = clock.now()
        due = [said for said in waiting[:at_once] if said.sent_at <= now]
        if due and await send(due):
            waiting = waiting[len(due) :]
        elif due:
            await asyncio.sleep(_RETRY_S)


def _put(place: Path, name: str, body: bytes) -> str:
    """Write under another name and rename, as a good uploader does; says what went wrong."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        part = place / f"{name}.part"
        part.write_bytes(body)
        part.rename(place / name)
    except OSError as error:
        return f"{place}: no file can be put there: {error.strerror}"
    return ""


async def _hand_over(session: aiohttp.ClientSession, gateway: Gateway, number: str, body: str, key: str) -> str:
    sid = f"SM{uuid5(_SPACE, key).hex}"
    form = {"MessageSid": sid, "From": number, "To": "+420600000000", "Body": body}
    headers = {"X-Twilio-Signature": sign(gateway.token, f"{gateway.public_url}{HOOK}", form)}
    try:
        async with session.post(f"{gateway.house}{HOOK}", data=form, headers=headers) as answer:
            said = f"the hook for texts answered {answer.status}: check the token and HLADINA_PUBLIC_URL"
            return "" if answer.ok else said
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"the hook for texts does not answer: {str(error) or type(error).__name__}"
