"""XML from outside, read without any of its powers: no DTD, no entities, no loading, no endless depth.

The document is walked twice. Expat goes first and stops at a DOCTYPE, at too great a depth or at too
many elements, before anything is built; what it lets through lxml builds, with entities, network and
huge trees switched off. No source of ours uses a DTD, so refusing one loses nothing.
"""

from xml.parsers import expat

from lxml import etree

from collectors.faults import DecodeError

# The ČHMÚ CAP bulletin is the largest document known to us: 0.7 to 2.5 MB (sources.md section 2), 6 deep.
CAP_BYTES = 8_000_000
DEPTH = 64
ELEMENTS = 500_000
_ATTRIBUTES = 100


class _Walk:
    """Counts while expat reads."""

    def __init__(self) -> None:
        self.depth = 0
        self.elements = 0

    def start(self, _name: str, attributes: list[str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > DEPTH:
            message = f"the XML is more than {DEPTH} elements deep"
            raise DecodeError(message)
        if self.elements > ELEMENTS or len(attributes) > 2 * _ATTRIBUTES:
            message = "the XML has too many elements or attributes"
            raise DecodeError(message)

    def end(self, _name: str) -> None:
        self.depth -= 1


def parse(body: bytes, cap: int = CAP_BYTES) -> etree._Element:
    """The root element of `body`, without comments and processing instructions.

    Raises:
        DecodeError: more than `cap` bytes, not well-formed, an encoding nobody uses, a DTD or an entity of
            its own, too deep or too many elements.
    """
    if len(body) > cap:
        message = f"{len(body)} bytes of XML are more than {cap}"
        raise DecodeError(message)
    _walk(body)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:  # ValueError: bytes that no text may hold
        message = f"not well-formed XML: {error}"
        raise DecodeError(message[:300]) from None
    # The two readers may disagree about an encoding: then what one did not see the other must not have used.
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.doctype:
        raise DecodeError(_DTD)
    return root


_DTD = "the XML has a DOCTYPE: a document type or entities of its own are never read"


def _walk(body: bytes) -> None:
    """Let expat read `body` and stop at what must not be read."""
    reader = expat.ParserCreate()
    walk = _Walk()
    reader.ordered_attributes = True
    reader.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    reader.StartElementHandler = walk.start
    reader.EndElementHandler = walk.end
    reader.StartDoctypeDeclHandler = _refuse
    reader.EntityDeclHandler = _refuse
    try:
        reader.Parse(body, True)  # noqa: FBT003  # expat's own signature
    except expat.ExpatError as error:
        message = f"not well-formed XML: {error}"
        raise DecodeError(message) from None
    except (LookupError, ValueError) as error:  # an encoding Python does not know, or cannot map byte by byte
        if isinstance(error, DecodeError):
            raise
        message = f"XML in an unusable encoding: {error}"
        raise DecodeError(message[:300]) from None


def _refuse(*_: object) -> None:
    raise DecodeError(_DTD)
