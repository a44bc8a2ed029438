"""Hostile XML: refused as undecodable, quickly and without a connection; what is ordinary is read."""

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.faults import DecodeError
from collectors.xmlsafe import DEPTH, parse

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 if n > 1 else chr(32).strip()};" * 10}">' for n in range(1, 12))
    + "]><l>&a11;</l>"
).encode()
QUADRATIC = b'<!DOCTYPE l [<!ENTITY a "' + b"x" * 50_000 + b'">]><l>' + b"&a;" * 50_000 + b"</l>"
FILE = b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>'
WEB = b'<!DOCTYPE l [<!ENTITY x SYSTEM "http://127.0.0.1:1/x">]><l>&x;</l>'
PARAMETER = b'<!DOCTYPE l [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;]><l/>'
OUTER = b'<!DOCTYPE l SYSTEM "http://127.0.0.1:1/x.dtd"><l/>'
PUBLIC = b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://127.0.0.1:1/x.dtd"><html/>'
IN_ATTRIBUTE = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l x="&b;&b;&b;"/>'
DEFAULTS = b'<!DOCTYPE l [<!ATTLIST l x CDATA "y">]><l/>'
WITH_DTD = [LAUGHS, QUADRATIC, FILE, WEB, PARAMETER, OUTER, PUBLIC, IN_ATTRIBUTE, DEFAULTS, b"<!DOCTYPE l><l/>"]
DAMAGED = {
    "empty": b"",
    "text": b"Bad Gateway",
    "json": b'{"a": 1}',
    "cut off": b"<a><b>",
    "two roots": b"<a/><b/>",
    "unknown entity": b"<a>&x;</a>",
    "nul": b"<a>\x00</a>",
    "utf-7": b"<?xml version='1.0' encoding='utf-7'?>+ADwAIQ-DOCTYPE+AD4-",
    "unknown encoding": b"<?xml version='1.0' encoding='klingon'?><a/>",
    "wrong utf-8": b"<a>\xff\xfe</a>",
    "multi-byte encoding": b"<?xml version='1.0' encoding='shift_jis'?><a/>",
    "deep": b"<a>" * 100_000 + b"</a>" * 100_000,
    "just too deep": b"<a>" * (DEPTH + 1) + b"</a>" * (DEPTH + 1),
    "wide": b"<a>" + b"<b/>" * 600_000 + b"</a>",
    "attributes": b"<a " + b" ".join(b'a%d="1"' % n for n in range(10_000)) + b"/>",
    "prefix unknown": b"<x:a/>",
    "surrogate": b"<a>&#xD800;</a>",
    "too large": b"<a>" + b"x" * 9_000_000 + b"</a>",
}


@pytest.mark.parametrize("body", [each.decode().encode("utf-16") for each in WITH_DTD] + WITH_DTD)
def test_a_document_type_is_refused_in_any_encoding(body: bytes) -> None:
    with pytest.raises(DecodeError, match="DOCTYPE"):
        parse(body)


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED.keys())
def test_what_is_no_xml_of_a_source_is_undecodable(body: bytes) -> None:
    with pytest.raises(DecodeError):
        parse(body)


def test_a_bomb_costs_neither_time_nor_memory() -> None:
    for body in (LAUGHS, QUADRATIC, DAMAGED["deep"]):
        tracemalloc.start()
        begun = time.monotonic()
        with pytest.raises(DecodeError):
            parse(body)
        assert time.monotonic() - begun < 1.0
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
        tracemalloc.stop()


def test_ordinary_documents_are_read() -> None:
    root = parse(
        "<?xml version='1.0' encoding='windows-1250'?><a x='č'>Nisa &amp; ž<!-- no --><?no?><b/></a>".encode("cp1250")
    )
    assert (root.tag, root.get("x"), root.text) == ("a", "č", "Nisa & ž")
    assert [child.tag for child in root] == ["b"]
    deepest = parse(b"<a>" * DEPTH + b"</a>" * DEPTH)
    assert sum(1 for _ in deepest.iter()) == DEPTH


@given(st.binary(max_size=400) | st.text(alphabet="<>a/!DOCTYPE[]&;\"'= ?xml", max_size=200).map(str.encode))
def test_any_bytes_are_a_document_or_undecodable(body: bytes) -> None:
    try:
        root = parse(body)
    except DecodeError:
        return
    assert root.getroottree().docinfo.internalDTD is None
