"""What the CAP schema lets through and a strict reader does not: read from the bytes, as a stranger would (pure).

Rules: OASIS CAP 1.2 (text of section 3.2), the checks of Google's public profile, and our own promises:
Czech first and German second with the same facts, no area abroad, no word that equates SPA with a Saxon stage.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from lxml import etree

from bridge_de.cap import NAMESPACE
from bridge_de.geometry import area_faults

_CAP = f"{{{NAMESPACE}}}"
_LONGEST_LIFE = timedelta(hours=12)
_LONGEST_HEADLINE = 139
_NAME = re.compile(r"[^\s,<&]+")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
_MARKUP = re.compile(r"</?[A-Za-z!]|&#?\w+;")
_ABSOLUTE = re.compile(r"https?://[^\s/]+\S*")
_LANGUAGES = ("cs-CZ", "de-DE")
_HUMAN = ("event", "headline", "description", "instruction")
_REQUIRED = (*_HUMAN, "effective", "onset", "expires", "senderName", "web", "contact")
_EQUAL = ("category", "responseType", "urgency", "severity", "certainty", "effective", "onset", "expires")
_FORBIDDEN_WORD = "alarmstufe"
# What is reached: a degree of a river, or a limit of rain that is none.
_REACHED = {"CZ-SPA", "CZ-RAIN"}


def faults(body: bytes) -> list[str]:
    """Everything wrong with the document, empty if nothing is. Never raises on any bytes."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return [f"not XML: {error}"]
    if root.tag != f"{_CAP}alert":
        return [f"the root is {root.tag}, not a CAP 1.2 alert"]
    infos = root.findall(f"{_CAP}info")
    found = [*_empty(root), *_head(root), *_chain(root), *_languages(infos), *_agreement(infos)]
    for info in infos:
        found += [f"{_text(info, 'language')}: {fault}" for fault in _info(root, info)]
    return found


def _empty(root: etree._Element) -> Iterator[str]:
    for node in root.iter(etree.Element):
        if len(node) == 0 and not (node.text or "").strip():
            yield f"{etree.QName(node).localname} is empty"


def _head(root: etree._Element) -> Iterator[str]:
    for name in ("identifier", "sender"):
        if not _NAME.fullmatch(_text(root, name)):
            yield f"{name} is empty or holds a space, comma, < or &"
    if _time(_text(root, "sent")) is None:
        yield "sent is no time with an offset and whole seconds"
    if _text(root, "scope") != "Public" or root.find(f"{_CAP}restriction") is not None:
        yield "scope must be Public, without restriction"
    status, note = _text(root, "status"), _text(root, "note")
    if status not in {"Actual", "Exercise", "Test"}:
        yield f"status {status!r} is not for publication"
    if status == "Exercise" and not note:
        yield "an exercise needs its id as note"


def _chain(root: etree._Element) -> Iterator[str]:
    kind, sent = _text(root, "msgType"), _time(_text(root, "sent"))
    triples = _text(root, "references").split()
    if kind not in {"Alert", "Update", "Cancel"}:
        yield f"msgType {kind!r} is not for publication"
    if (kind == "Alert") == bool(triples):
        yield f"{kind} with {len(triples)} references"
    if len(set(triples)) != len(triples):
        yield "a message is referenced twice"
    for triple in triples:
        parts = triple.split(",")
        referred = _time(parts[-1])
        if len(parts) != 3 or not all(parts) or referred is None:  # noqa: PLR2004  # sender,identifier,sent
            yield f"reference {triple!r} is no sender,identifier,sent"
        elif parts[1] == _text(root, "identifier"):
            yield "the message references itself"
        elif sent is not None and referred >= sent:
            yield f"reference {triple!r} is not older than the message"


def _languages(infos: list[etree._Element]) -> Iterator[str]:
    spoken = tuple(_text(info, "language") for info in infos)
    if spoken != _LANGUAGES:
        yield f"languages are {', '.join(spoken) or 'missing'}, not {', '.join(_LANGUAGES)}"


def _agreement(infos: list[etree._Element]) -> Iterator[str]:
    """The same facts in every language, and texts that are not copies of one another."""
    for one, other in pairwise(infos):
        for name in _EQUAL:
            if _texts(one, name) != _texts(other, name):
                yield f"{name} differs between the languages"
        for name in ("eventCode", "parameter"):
            if _pairs(one, name) != _pairs(other, name):
                yield f"{name} differs between the languages"
        if [_places(area) for area in one.findall(f"{_CAP}area")] != [
            _places(area) for area in other.findall(f"{_CAP}area")
        ]:
            yield "areas differ between the languages"
        for name in _HUMAN:
            if _text(one, name) == _text(other, name):
                yield f"{name} is the same text in two languages"


def _info(root: etree._Element, info: etree._Element) -> Iterator[str]:
    for name in _REQUIRED:
        if not _text(info, name):
            yield f"{name} is missing"
    yield from _times(root, info)
    yield from _human(root, info)
    if not _ABSOLUTE.fullmatch(_text(info, "web")):
        yield "web is no absolute address"
    yield from _codes(root, info)
    areas = info.findall(f"{_CAP}area")
    if not areas:
        yield "no area"
    for area in areas:
        yield from area_faults(
            _texts(area, "polygon"), _texts(area, "circle"), _pairs(area, "geocode"), _texts(area, "ceiling")
        )


def _codes(root: etree._Element, info: etree._Element) -> Iterator[str]:
    codes = [value for name, value in _pairs(info, "eventCode") if name in _REACHED]
    ahead = [value for name, value in _pairs(info, "eventCode") if name == "CZ-SPA-EXPECTED"]
    if len(codes) != (0 if ahead and not codes else 1) or not {*codes} <= {"0", "1", "2", "3"}:
        yield f"CZ-SPA or CZ-RAIN must be given once as 0 to 3, got {codes}"
    if len(ahead) > 1 or not {*ahead} <= {"1", "2", "3"} or (ahead and codes == ["0"]):
        yield f"CZ-SPA-EXPECTED must be given once as 1 to 3 and not beside CZ-SPA 0, got {ahead}"
    certainty = _text(info, "certainty")
    if certainty not in {"Likely" if ahead else "Observed", "Possible"} or (certainty == "Possible" and codes == ["0"]):
        yield "what is expected is Likely or Possible, what is reached Observed or, unproved, Possible"
    if ahead and _text(info, "urgency") not in {"Expected", "Future"}:
        yield "what is expected is neither immediate nor past"
    clear = "AllClear" in _texts(info, "responseType")
    past = _text(info, "urgency") == "Past"
    if not clear == past == (codes == ["0"]):
        yield "AllClear, urgency Past and CZ-SPA 0 (CZ-RAIN 0) belong together"
    if clear and _text(root, "msgType") != "Update":
        yield "an all-clear updates what it clears"
    names = [name for name, _ in _pairs(info, "parameter")]
    for wanted in ("stationId", "declaredBy", "awareness_level", "awareness_type"):
        if wanted not in names:
            yield f"parameter {wanted} is missing"
    if len(set(names)) != len(names):
        yield "a parameter is given twice"


def _times(root: etree._Element, info: etree._Element) -> Iterator[str]:
    sent, effective, expires = (
        _time(_text(root, "sent")),
        _time(_text(info, "effective")),
        _time(_text(info, "expires")),
    )
    if sent is None or effective is None or expires is None or _time(_text(info, "onset")) is None:
        yield "effective, onset and expires must be times with an offset"
    elif not sent <= effective < expires:
        yield "not sent <= effective < expires"
    elif expires - sent > _LONGEST_LIFE:
        yield "lives longer than 12 h, so a dead publisher would not be seen"


def _human(root: etree._Element, info: etree._Element) -> Iterator[str]:
    headline, exercise = _text(info, "headline"), _text(root, "status") == "Exercise"
    if len(headline) > _LONGEST_HEADLINE:
        yield f"headline has {len(headline)} characters"
    if headline == _text(info, "description"):
        yield "headline and description are the same"
    if headline.startswith("CVIČENÍ / ÜBUNG") != exercise:
        yield "the headline of an exercise, and no other, begins CVIČENÍ / ÜBUNG"
    for node in info.iter(etree.Element):
        text = node.text or ""
        if _MARKUP.search(text):
            yield f"{etree.QName(node).localname} holds markup"
        if _FORBIDDEN_WORD in text.lower():
            yield f"{etree.QName(node).localname} speaks of an Alarmstufe, which Saxony declares"


def _places(area: etree._Element) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    return _texts(area, "polygon"), _texts(area, "circle"), _pairs(area, "geocode")


def _text(node: etree._Element, name: str) -> str:
    return (node.findtext(f"{_CAP}{name}") or "").strip()


def _texts(node: etree._Element, name: str) -> list[str]:
    return [(child.text or "").strip() for child in node.findall(f"{_CAP}{name}")]


def _pairs(node: etree._Element, name: str) -> list[tuple[str, str]]:
    return [(_text(child, "valueName"), _text(child, "value")) for child in node.findall(f"{_CAP}{name}")]


def _time(text: str) -> datetime | None:
    if not _TIME.fullmatch(text) or text.endswith("-00:00"):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
