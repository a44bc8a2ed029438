"""What a payload decoder is. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from collectors.faults import DecodeError
from collectors.samples import Measured, Plain
from floodcore.units import to_canonical
from floodcore.words import Quantity

ZERO = "zero_cm"  # the offsets of a mounting, as the station files name them
PROBE = "probe_cm"


def nothing_said(_fields: Mapping[str, object]) -> tuple[Measured, ...]:
    """For a sensor whose vendor's decoder is not read."""
    message = "no raw payload, and the fields of the vendor's decoder are not read for this sensor"
    raise DecodeError(message)


@dataclass(frozen=True, slots=True)
class Sensor:
    """A payload decoder.

    `offset` is the key of the mounting without which it gives no level, "" when it needs none. `decode`
    takes the bytes and the LoRaWAN port; `said` the fields of the vendor's own decoder, used only when
    the bytes are absent. Both give measures or `DecodeError`, whatever comes. `vectors` are published
    payloads, in hexadecimal, with the port.
    """

    name: str
    offset: str
    decode: Callable[[bytes, int], tuple[Measured, ...]]
    said: Callable[[Mapping[str, object]], tuple[Measured, ...]] = nothing_said
    vectors: tuple[tuple[str, int], ...] = ()


def battery(millivolts: int) -> Measured:
    """The voltage of the battery."""
    return Measured(Plain(Quantity.BATTERY, to_canonical(Quantity.BATTERY, millivolts, "mV"), millivolts, "mV"))
