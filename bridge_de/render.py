"""CAP words to bytes. The schema is a strict sequence, so the order of the calls is the order of the document."""

import re

from lxml import etree

from bridge_de.cap import NAMESPACE, Alert, Area, Info

# What XML 1.0 cannot hold at all (section 2.2); a control character in a station's name must not
# cost an alert.
_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(alert: Alert) -> bytes:
    """The document of `alert`, UTF-8 with declaration. Total: no text can make it fail."""
    root = etree.Element(_name("alert"), nsmap={None: NAMESPACE})  # type: ignore[dict-item]  # stubs forget the default
    for name, value in (
        ("identifier", alert.identifier),
        ("sender", alert.sender),
        ("sent", alert.sent),
        ("status", alert.status),
        ("msgType", alert.msg_type),
        ("scope", "Public"),
        ("note", alert.note),
        ("references", " ".join(alert.references)),
        ("incidents", alert.incidents),
    ):
        _optional(root, name, value)
    for info in alert.infos:
        _info(etree.SubElement(root, _name("info")), info)
    etree.indent(root, space=" ")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _info(node: etree._Element, info: Info) -> None:
    _optional(node, "language", info.language)
    for category in info.categories:
        _optional(node, "category", category)
    _optional(node, "event", info.event)
    for response in info.response_types:
        _optional(node, "responseType", response)
    for name, value in (("urgency", info.urgency), ("severity", info.severity), ("certainty", info.certainty)):
        _optional(node, name, value)
    _pairs(node, "eventCode", info.event_codes)
    for name, value in (
        ("effective", info.effective),
        ("onset", info.onset),
        ("expires", info.expires),
        ("senderName", info.sender_name),
        ("headline", info.headline),
        ("description", info.description),
        ("instruction", info.instruction),
        ("web", info.web),
        ("contact", info.contact),
    ):
        _optional(node, name, value)
    _pairs(node, "parameter", info.parameters)
    for area in info.areas:
        _area(etree.SubElement(node, _name("area")), area)


def _area(node: etree._Element, area: Area) -> None:
    _optional(node, "areaDesc", area.description)
    _optional(node, "polygon", " ".join(f"{lat:.4f},{lon:.4f}" for lat, lon in area.points))
    if area.centre is not None and area.radius_km is not None:
        _optional(node, "circle", f"{area.centre[0]:.4f},{area.centre[1]:.4f} {area.radius_km:g}")
    _pairs(node, "geocode", area.geocodes)


def _pairs(node: etree._Element, name: str, pairs: tuple[tuple[str, str], ...]) -> None:
    for key, value in pairs:
        pair = etree.SubElement(node, _name(name))
        _optional(pair, "valueName", key)
        _optional(pair, "value", value)


def _optional(node: etree._Element, name: str, value: str) -> None:
    """An empty element says nothing and some readers choke on it, so an empty text has none."""
    text = _ILLEGAL.sub("", value).strip()
    if text:
        etree.SubElement(node, _name(name)).text = text


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"
