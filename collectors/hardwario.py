"""HARDWARIO CHESTER by a connector of HARDWARIO Cloud (a webhook): JSON to what is heard of a station. Pure.

Time rule: every measurement has its own Unix time. Ultrasonic distances are in metres and aggregated; the
median is used. Only messages of type `data` upwards are data. docs/sources/hardwario.md.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite

import msgspec

from collectors.faults import DecodeError
from collectors.mounted import Heard, heard
from collectors.radio import Device, devices, known_device
from collectors.samples import Distance, Measured, Plain
from collectors.sensors.sensor import battery
from collectors.source import Offer, Source, Way
from floodcore.network.model import Link, Mounting, Names, Station
from floodcore.units import to_canonical
from floodcore.words import Quantity

KIND = "hardwario"
_MOST = 2000  # measurements of one message; a day of one a minute is 1,440
_FARTHEST_M = 10.0
_MM_PER_M = 1000.0
# A stamp of seconds beyond these is no time of a measurement, and Python cannot hold all of them.
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800  # the years 2000 and 2100


class _Aggregate(msgspec.Struct):
    timestamp: int
    mdn: float | None = None


class _Value(msgspec.Struct):
    timestamp: int
    value: float | None = None


class _Aggregates(msgspec.Struct):
    measurements: list[_Aggregate] = []


class _Values(msgspec.Struct):
    measurements: list[_Value] = []


class _Ranger(msgspec.Struct):
    distance: _Aggregates = msgspec.field(default_factory=_Aggregates)


class _Weather(msgspec.Struct):
    rainfall: _Values = msgspec.field(default_factory=_Values)


class _System(msgspec.Struct):
    voltage_load: float | None = None
    voltage_rest: float | None = None


class _Head(msgspec.Struct):
    timestamp: int | None = None


class _Body(msgspec.Struct):
    message: _Head = msgspec.field(default_factory=_Head)
    frame: _Head = msgspec.field(default_factory=_Head)  # in its place in newer firmware
    system: _System = msgspec.field(default_factory=_System)
    ultrasonic_ranger: _Ranger = msgspec.field(default_factory=_Ranger)
    weather_station: _Weather = msgspec.field(default_factory=_Weather)


class _Envelope(msgspec.Struct):
    body: _Body = msgspec.field(default_factory=_Body)
    type: str = ""
    direction: str = "up"


class _Which(msgspec.Struct):
    serial_number: int | str = ""


class _Post(msgspec.Struct):
    message: msgspec.Raw
    device: _Which = msgspec.field(default_factory=_Which)


class _Kind(msgspec.Struct):
    type: str = ""
    direction: str = "up"


_post = msgspec.json.Decoder(_Post)
_kind = msgspec.json.Decoder(_Kind)
_envelope = msgspec.json.Decoder(_Envelope)


def posted(payload: bytes, known: Mapping[str, Device]) -> Heard:
    """What one POST says; nothing for a message that is no data (session, config, stats, codec).

    Raises:
        DecodeError: no message of a connector, of an unknown device, or no measurement in it.
    """
    try:
        post = _post.decode(payload)
        kind = _kind.decode(post.message)
        if kind.type != "data" or kind.direction != "up":
            return Heard()
        body = _envelope.decode(post.message).body
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        fault = f"not a message of HARDWARIO Cloud: {error}"
        raise DecodeError(fault) from None
    device = known_device(known, str(post.device.serial_number))
    measures = list(_measures(body))
    if len(measures) > _MOST:
        fault = f"{len(measures)} measurements are more than {_MOST}"
        raise DecodeError(fault)
    stamps = [measured.at for measured in measures if measured.at is not None]
    if not stamps:
        fault = "no measurement in it"
        raise DecodeError(fault)
    return heard(device.station, device.mountings, measures, max(stamps))


def _measures(body: _Body) -> Iterator[Measured]:
    for each in body.ultrasonic_ranger.distance.measurements:
        if each.mdn is not None and 0.0 < each.mdn <= _FARTHEST_M:  # what it did not hear is left out
            yield Measured(Distance(round(each.mdn * _MM_PER_M, 1)), _moment(each.timestamp))
    for fallen in body.weather_station.rainfall.measurements:
        if fallen.value is not None and isfinite(fallen.value):
            rain = to_canonical(Quantity.RAIN, fallen.value, "mm")
            yield Measured(Plain(Quantity.RAIN, rain, fallen.value, "mm"), _moment(fallen.timestamp))
    volts = body.system.voltage_rest if body.system.voltage_load is None else body.system.voltage_load
    at = body.message.timestamp if body.frame.timestamp is None else body.frame.timestamp
    if volts is not None and at is not None and abs(volts) < _MM_PER_M:
        yield Measured(battery(round(volts * 1000)).what, _moment(at))


def _moment(seconds: int) -> datetime:
    if not _EARLIEST < seconds < _LATEST:
        fault = f"the time {str(seconds)[:20]} is none of our days"
        raise DecodeError(fault)
    return datetime.fromtimestamp(seconds, UTC)


def _probe(body: bytes) -> object:
    link = Link(KIND, "2999000001", mounted=(Mounting(None, "", 400.0),))
    everything = tuple(Quantity)
    station = Station("probe", Names("probe"), None, "CZ", "", everything, timedelta(minutes=10), links=(link,))
    return posted(body, devices({"probe": station}, KIND))


SOURCE = Source(
    name=KIND,
    title="HARDWARIO CHESTER, webhook",
    way=Way.RADIO,
    module="collectors/hardwario.py",
    offers=(
        Offer("ultrasonic_ranger.distance", Quantity.LEVEL, "m", "median, by the mounting of its time"),
        Offer("weather_station.rainfall", Quantity.RAIN, "mm"),
        Offer("system.voltage", Quantity.BATTERY, "V"),
    ),
    time_rule="Unix time of each measurement",
    probe=_probe,
)
