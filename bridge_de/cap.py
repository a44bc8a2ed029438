"""The words of CAP 1.2 as far as we use them, immutable. Order of fields = order in the document.

Source: OASIS Common Alerting Protocol 1.2 (2010). Times are text, because a reference must repeat
`sent` byte for byte.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
# Identifiers live in a namespace of our own; 2.49.0.0.203 is registered to ČHMÚ at the WMO.
PREFIX = "CZ-LK-HLADINA"
_ZONE = "Europe/Prague"
_NOT_A_TOKEN = re.compile(r"[^A-Za-z0-9._:+-]+")


class Status(StrEnum):
    """Whether people may act on it."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    TEST = "Test"


class MsgType(StrEnum):
    """The place of a message in its chain. Cancel is for messages issued in error, by a person."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


@dataclass(frozen=True, slots=True)
class Area:
    """Where people are in danger: `points` (lat, lon) closed, circle radius in km, named codes."""

    description: str
    points: tuple[tuple[float, float], ...] = ()
    centre: tuple[float, float] | None = None
    radius_km: float | None = None
    geocodes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Info:
    """One language of a message. All but the human texts is the same in every language."""

    language: str
    event: str
    response_types: tuple[str, ...]
    urgency: str
    severity: str
    certainty: str
    event_codes: tuple[tuple[str, str], ...]
    effective: str
    onset: str
    expires: str
    sender_name: str
    headline: str
    description: str
    instruction: str
    web: str
    contact: str
    parameters: tuple[tuple[str, str], ...]
    areas: tuple[Area, ...]
    categories: tuple[str, ...] = ("Geo", "Met")


@dataclass(frozen=True, slots=True)
class Alert:
    """One message. `references` are triples `sender,identifier,sent` of the messages it replaces."""

    identifier: str
    sender: str
    sent: str
    status: Status
    msg_type: MsgType
    note: str
    references: tuple[str, ...]
    incidents: str
    infos: tuple[Info, ...]

    @property
    def reference(self) -> str:
        """The triple by which later messages name this one."""
        return f"{self.sender},{self.identifier},{self.sent}"


def stamp(moment: datetime) -> str:
    """`moment` as CAP wants it: whole seconds with the local offset of Czechia and Saxony, never Z."""
    return moment.astimezone(ZoneInfo(_ZONE)).isoformat(timespec="seconds")


def identifier(sent: datetime, event_id: int, revision: int) -> str:
    """A name never used again: the event is unique, and so is the revision within it."""
    suffix = f".r{revision}" if revision else ""
    return f"{PREFIX}.{sent:%Y%m%dT%H%M%SZ}.{event_id}{suffix}"


def token(text: str) -> str:
    """`text` without what separates or marks up names in CAP (space, comma, quote, <, &)."""
    return _NOT_A_TOKEN.sub("-", text).strip("-") or "unnamed"
