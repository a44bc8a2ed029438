"""Where a source keeps what we missed: its way back, as addresses to ask and a decoder for the answers. Pure.

ČHMÚ keeps a file for each past day under `recent`. The Storage Integration of The Things Stack gives the
uplinks of a device again, one JSON a line. A spare source that shows more than the newest value (a feed, a table)
is the way back of its gauge, whatever fed it. Loggers that push are told in the answer to their next push
(`collectors.push`). What else a source offers, it offers to its own poller.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

import msgspec

from collectors import chmu, tts
from collectors.catalogue import POLLED
from collectors.faults import DecodeError
from collectors.repair_gaps import days
from collectors.source import Polled
from floodcore.network.model import Link, Station
from floodcore.settings import Settings
from floodcore.words import Reading

_SHOW_THE_PAST = {each.name: each for each in POLLED if each.past}
_CHMU_CAP = 1_000_000
_STORAGE_CAP = 4_000_000
_STORAGE_LIMIT = 1000  # uplinks in one answer
# The file of a day is complete when the day is over and ČHMÚ has had time to move it.
_CHMU_MOVED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Found:
    """What one answer of a way back held."""

    readings: tuple[Reading, ...]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trip:
    """One request of a way back. `decode` raises `DecodeError` on an answer that is none."""

    source: str
    url: str
    cap: int
    decode: Callable[[bytes], Found]
    headers: Mapping[str, str] = field(default_factory=dict)
    html: bool = False


def trips(settings: Settings, station: Station, after: datetime, before: datetime, now: datetime) -> list[Trip]:
    """What to ask for the readings of `station` between two moments; empty when it has no way back, or not yet.

    By the first of the station's links that has one: its readings came that way, too.
    """
    for link in station.links:
        if link.kind == chmu.POLLED.name and settings.chmu_url:
            return _chmu(settings.chmu_url, station, link, days(after, before), now)
        if link.kind == tts.KIND and settings.tts_storage_url:
            return [_storage(settings, station, link, after, before)]
        shows = _SHOW_THE_PAST.get(link.kind)
        if shows is not None and settings.base_url(shows.name) and now - after <= shows.past:
            return [_again(settings, station, link, shows, now)]
    return []


def _again(settings: Settings, station: Station, link: Link, shows: Polled, now: datetime) -> Trip:
    """The answer that the poller of the source gets, read for what it says of the past."""
    (ask,) = shows.asks({link.address: station.id}, now)

    def decode(body: bytes) -> Found:
        decoded = shows.decode(body, ask, now)
        return Found(decoded.readings, decoded.faults)

    return Trip(shows.name, settings.base_url(shows.name) + ask.path, shows.cap, decode, html=shows.html)


def _chmu(base: str, station: Station, link: Link, wanted: list[datetime], now: datetime) -> list[Trip]:
    def decode(body: bytes) -> Found:
        file = chmu.station_file(body, link.address, station.id)
        return Found(file.readings, file.faults)

    over = [day for day in wanted if day + timedelta(days=1) + _CHMU_MOVED_AFTER <= now]
    return [
        Trip(chmu.POLLED.name, f"{base}/hydrology/recent/data/{day:%Y%m%d}_{link.address}.json", _CHMU_CAP, decode)
        for day in over
    ]


def _storage(settings: Settings, station: Station, link: Link, after: datetime, before: datetime) -> Trip:
    """GET …/devices/{id}/packages/storage/uplink_message (The Things Stack documentation, Storage Integration)."""
    query = urlencode(
        {"after": _stamp(after), "before": _stamp(before), "limit": _STORAGE_LIMIT, "order": "received_at"}
    )
    url = f"{settings.tts_storage_url}/devices/{quote(link.address, safe='')}/packages/storage/uplink_message?{query}"
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {settings.tts_storage_key}"}
    known = tts.devices({station.id: station})

    def decode(body: bytes) -> Found:
        return stored_uplinks(body, link.address, known)

    return Trip(tts.KIND, url, _STORAGE_CAP, decode, headers)


class _Line(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


_line = msgspec.json.Decoder(_Line)


def stored_uplinks(body: bytes, device_id: str, known: Mapping[str, tts.Device]) -> Found:
    """The readings of an answer of the Storage Integration: one `{"result": uplink}` a line.

    Raises:
        DecodeError: a line is no JSON of this shape, or the stack reports an error.
    """
    readings: list[Reading] = []
    faults: list[str] = []
    topic = f"v3/storage/devices/{device_id}/up"
    for line in body.splitlines():
        if not line.strip():
            continue
        try:
            each = _line.decode(line)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            message = f"not an answer of the Storage Integration: {error}"
            raise DecodeError(message) from None
        if not bytes(each.result):
            message = f"the Storage Integration reports {bytes(each.error)[:200]!r}"
            raise DecodeError(message)
        try:
            readings += tts.readings(topic, bytes(each.result), known)
        except DecodeError as error:
            faults.append(str(error))
    return Found(tuple(readings), tuple(faults))


def _stamp(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
