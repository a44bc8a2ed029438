"""The ČHMÚ bulletin of warnings (CAP 1.2): one document with the complete state. Pure.

Context only: it is shown with its age, and no degree follows from it. "No warning" is a document without a
block in force; an empty body and an undecodable one are faults and never "no warning". Time rule: CAP stamps carry
their offset and are believed; the age counts from `sent`. docs/sources/chmu_cap.md.
"""

from dataclasses import replace
from datetime import datetime

from lxml import etree

from collectors import xmlsafe
from collectors.faults import DecodeError, EmptyAnswerError
from collectors.source import Ask, Decoded, Offer, Polled, Source, Way, one_for_all, tried
from collectors.stamps import with_offset
from floodcore.context import Bulletin, Warned
from floodcore.words import Language

NAME = "chmu_cap"
_LANGUAGES = {"cs": Language.CS, "en": Language.EN, "de": Language.DE, "pl": Language.PL}
_SERVICES = {"SIVS", "HPPS", "SVRS"}
# Blocks for every hazard stand there even when all is quiet.
_QUIET = ("Žádná výstraha", "Žádný výhled", "No warning", "No outlook")
_FLOOD = ("XII.", "XIII.")
_PROFILES = {"floodWatch", "floodWarning", "flooding"}
_LONGEST_TEXT = 4000


def decode(body: bytes, _ask: Ask, _now: datetime) -> Decoded:
    """The bulletin with the warnings that are in force or to come; a bulletin without any says "no warning".

    Raises:
        EmptyAnswerError: an empty body.
        DecodeError: no CAP document, one that is not `Actual`, or one with a block that cannot be read.
    """
    if not body.strip():
        message = "an empty body instead of the bulletin"
        raise EmptyAnswerError(message)
    root = xmlsafe.parse(body)
    if etree.QName(root).localname != "alert":
        message = "the document is no CAP alert"
        raise DecodeError(message)
    if (status := _text(root, "status")) != "Actual":
        message = f"the bulletin has the status {status[:20]!r}"
        raise DecodeError(message)
    identifier = _text(root, "identifier")
    if not identifier:
        message = "the bulletin has no identifier"
        raise DecodeError(message)
    found: dict[tuple[object, ...], Warned] = {}
    for info in _children(root, "info"):
        if (warned := _warned(info)) is not None:
            _pair(found, warned)
    return Decoded(bulletin=Bulletin(identifier[:200], with_offset(_text(root, "sent")), tuple(found.values())))


def _pair(found: dict[tuple[object, ...], Warned], warned: Warned) -> None:
    """The block of the other language belongs to that of the same hazard, time and areas, whatever their order."""
    key = (warned.code, warned.severity, warned.onset, warned.expires, frozenset(warned.areas))
    twin = found.setdefault(key, warned)
    if twin is not warned:
        found[key] = replace(
            twin,
            event={**warned.event, **twin.event},
            text={**warned.text, **twin.text},
            profiles=twin.profiles or warned.profiles,
        )


def _warned(info: etree._Element) -> Warned | None:
    """One block; None for what is quiet, revoked, past, an outlook, or in a language we do not show."""
    language = _LANGUAGES.get(_text(info, "language")[:2].lower())
    event, severity, certainty = _text(info, "event"), _text(info, "severity"), _text(info, "certainty")
    quiet = event.startswith(_QUIET) or (severity == "Minor" and certainty == "Unlikely")
    over = _text(info, "urgency") == "Past" or "AllClear" in _texts(info, "responseType")
    code = next((value for name, value in _pairs(info, "eventCode") if name in _SERVICES), "")
    if language is None or quiet or over or code == "OUTLOOK":
        return None
    parameters = _pairs(info, "parameter")
    areas = {value for area in _children(info, "area") for name, value in _pairs(area, "geocode") if name == "CISORP"}
    return Warned(
        code=code[:20],
        severity=severity[:20],
        certainty=certainty[:20],
        onset=_moment(info, "onset"),
        expires=_moment(info, "expires"),
        areas=tuple(sorted(areas)),
        event={language: event[:200]},
        text={language: _text(info, "description")[:_LONGEST_TEXT]},
        profiles=tuple(value[:300] for name, value in parameters if name in _PROFILES and value),
        flood=code.startswith(_FLOOD),
    )


def _moment(info: etree._Element, name: str) -> datetime | None:
    """A stamp of a block; None when it is missing: until revoked."""
    text = _text(info, name)
    return with_offset(text) if text else None


def _children(parent: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in parent if etree.QName(child).localname == name]


def _texts(parent: etree._Element, name: str) -> list[str]:
    return [(child.text or "").strip() for child in _children(parent, name)]


def _text(parent: etree._Element, name: str) -> str:
    return next(iter(_texts(parent, name)), "")


def _pairs(parent: etree._Element, name: str) -> list[tuple[str, str]]:
    """The `valueName` and `value` of each `name`."""
    return [(_text(child, "valueName"), _text(child, "value")) for child in _children(parent, name)]


POLLED = Polled(
    Source(
        name=NAME,
        title="ČHMÚ bulletin of warnings (CAP)",
        way=Way.POLLED,
        module="collectors/chmu_cap.py",
        offers=(
            Offer("XII.1…4, XIII.1…4", None, "", "flood warnings, context with a maximum age"),
            Offer("other codes", None, "", "rain, thunderstorms and so on, context"),
        ),
        time_rule="offset in the stamp, believed; the age counts from sent",
        probe=tried(decode, "bulletin"),
        to_confirm="the address; the numbers of the event codes (older ones had floods in group VII)",
    ),
    asks=one_for_all("bulletin", "/data/XOCZ50_OKPR.xml"),
    decode=decode,
    interval_s=300.0,
    cap=8_000_000,
    needs_stations=False,
)
