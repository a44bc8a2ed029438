"""Our own check refuses what the schema lets through: each fault is made by hand in a good message."""

import re
from collections.abc import Callable

import pytest

from bridge_de.cap import NAMESPACE
from bridge_de.check import faults
from bridge_de.compose import Publisher
from bridge_de.publish import write
from bridge_de.told import telling
from tests.bridge.conftest import START, told

BOTH = 0  # re.sub: replace in both languages


@pytest.fixture(scope="module")
def good(speaker: Publisher) -> str:
    """An exercise, which has all elements a message of ours can have but references."""
    return write(telling(told(exercise=True, discharge=None), [], START), speaker)[1].decode()


CASES = [
    # (what is replaced, by what, how often, a word of the fault, whether the schema rejects it too)
    (r"<identifier>[^<]*", "<identifier>CZ LK", 1, "identifier", False),
    (r"<identifier>[^<]*", "<identifier>a,b", 1, "identifier", False),
    (r"<sender>[^<]*", "<sender>a&amp;b", 1, "sender", False),
    (r"<sent>[^<]*", "<sent>2026-03-29T00:00:00Z", 1, "sent", True),
    (r"<sent>[^<]*", "<sent>2026-03-29T00:00:00.5+01:00", 1, "sent", True),
    (r"<sent>[^<]*", "<sent>2026-03-29T00:00:00-00:00", 1, "sent", False),
    (r"<status>Exercise", "<status>System", 1, "status", False),
    (r"<msgType>Alert", "<msgType>Ack", 1, "msgType", False),
    (r"<msgType>Alert", "<msgType>Update", 1, "Update with 0 references", False),
    (r"<msgType>Alert", "<msgType>Cancel", 1, "Cancel with 0 references", False),
    (r"<incidents>", "<references>a,b,2026-03-01T00:00:00+01:00</references><incidents>", 1, "Alert with 1", False),
    (r"<incidents>", "<references> </references><incidents>", 1, "references is empty", False),
    (r"<incidents>", "<references>a,b</references><incidents>", 1, "is no sender,identifier,sent", False),
    (r"<incidents>", "<references>a,b,2027-03-01T00:00:00+01:00</references><incidents>", 1, "not older", False),
    (r"<incidents>", "<references>a,b,2026-03-29T01:00:00+01:00</references><incidents>", 1, "not older", False),
    (r"<scope>Public", "<scope>Private", 1, "scope", False),
    (r"<scope>Public</scope>", "<scope>Public</scope><restriction>x</restriction>", 1, "restriction", False),
    (r"<note>[^<]*</note>", "", 1, "an exercise needs its id", False),
    (r"<language>de-DE", "<language>en-GB", 1, "languages are cs-CZ, en-GB", False),
    (r"<language>cs-CZ</language>", "", 1, "languages are , de-DE", False),
    (r"(?s) <info>.*</info>", "", 1, "languages are missing", False),
    (r"<category>Met</category>", "", 1, "category differs", False),
    (r"<urgency>Immediate", "<urgency>Expected", 1, "urgency differs", False),
    (r"<severity>Severe", "<severity>Minor", 1, "severity differs", False),
    (r"<certainty>Observed", "<certainty>Likely", 1, "certainty differs", False),
    (r"<certainty>Observed", "<certainty>Likely", BOTH, "what is expected is Likely", False),
    (r"<responseType>Prepare", "<responseType>Monitor", 1, "responseType differs", False),
    (r"<value>2</value>", "<value>3</value>", 1, "eventCode differs", False),
    (r"132 cm</value>", "123 cm</value>", 1, "parameter differs", False),
    (r"<value>5105</value>", "<value>5106</value>", 1, "areas differ", False),
    (r"<expires>[^<]*", "<expires>2026-03-29T02:00:00+01:00", 1, "expires differs", False),
    (r"<expires>[^<]*", "<expires>2026-03-29T01:00:00+01:00", BOTH, "not sent <= effective < expires", False),
    (r"<effective>[^<]*", "<effective>2026-03-29T00:59:59+01:00", BOTH, "not sent <= effective", False),
    (r"<expires>[^<]*", "<expires>2026-03-29T23:00:00+02:00", BOTH, "longer than 12 h", False),
    (r"<expires>[^<]*</expires>", "", BOTH, "expires is missing", False),
    (r"<onset>[^<]*</onset>", "", BOTH, "onset is missing", False),
    (r"<senderName>[^<]*</senderName>", "", BOTH, "senderName is missing", False),
    (r"<instruction>[^<]*</instruction>", "", BOTH, "instruction is missing", False),
    (r"<instruction>[^<]*", "<instruction>Run.", BOTH, "instruction is the same text", False),
    (r"<headline>[^<]*", "<headline>CVIČENÍ / ÜBUNG: " + "x" * 123, 1, "headline has 140", False),
    (r"<headline>[^<]*", "<headline>No mark", 1, "begins CVIČENÍ / ÜBUNG", False),
    (r"<status>Exercise", "<status>Actual", 1, "begins CVIČENÍ / ÜBUNG", False),
    (r"<description>[^<]*", "<description>&lt;b&gt;Voda&lt;/b&gt;", 1, "markup", False),
    (r"<description>[^<]*", "<description>Voda &amp;nbsp; 132 cm", 1, "markup", False),
    (r"<description>[^<]*", "<description>Alarmstufe 2 erreicht", 1, "Alarmstufe", False),
    (r"<web>[^<]*", "<web>/de/stations/316000", BOTH, "absolute address", False),
    (r"<value>2</value>", "<value>4</value>", BOTH, "CZ-SPA", False),
    (r"<value>2</value>", "<value>0</value>", BOTH, "belong together", False),
    (r"<urgency>Immediate", "<urgency>Past", BOTH, "belong together", False),
    (r"<responseType>Prepare", "<responseType>AllClear", BOTH, "an all-clear updates", False),
    (r"<valueName>declaredBy", "<valueName>by", BOTH, "declaredBy is missing", False),
    (r"<valueName>trend", "<valueName>river", BOTH, "given twice", False),
    (r"(?s)<area>.*?</area>", "", BOTH, "no area", False),
    (r"<polygon>(\S+) ", r"<polygon>50.0000,15.0000 ", BOTH, "not closed", False),
    (r"<polygon>[^<]*", "<polygon>50,15 51,15 50,15", BOTH, "at least 4", True),
    (r"<polygon>[^<]*", "<polygon>15,50 15,51 16,51 15,50", BOTH, "swapped", False),
    (r"<polygon>[^<]*", "<polygon>50,15 51,16 51,15 50,16 50,15", BOTH, "crosses itself", False),
    (r"<circle>[^<]*", "<circle>15.0,50.0 5", BOTH, "swapped", False),
    (r"<circle>[^<]*", "<circle>50.7,15.0 0", BOTH, "circle is not", False),
    (r"<valueName>CISORP", "<valueName>WARNCELLID", BOTH, "not a code of a Czech area", False),
    (r"<value>CZ05105", "<value>DE05105", BOTH, "not a code of a Czech area", False),
    (r"</area>", "<ceiling>100</ceiling></area>", BOTH, "ceiling", False),
]


@pytest.mark.parametrize(("pattern", "replacement", "count", "word", "schema_too"), CASES)
def test_each_fault_is_found(
    good: str,
    structure: Callable[[bytes], list[str]],
    pattern: str,
    replacement: str,
    count: int,
    word: str,
    schema_too: bool,
) -> None:
    bad = re.sub(pattern, replacement, good, count=count)
    assert bad != good
    assert any(word in fault for fault in faults(bad.encode())), faults(bad.encode())
    if "references is empty" not in word:
        assert bool(structure(bad.encode())) == schema_too, "the check is needed only where the schema is blind"


def test_a_good_message_has_no_fault(good: str) -> None:
    assert faults(good.encode()) == []


def test_a_message_cannot_reference_itself_or_another_twice(good: str) -> None:
    triple = "hladina@hladina.example,CZ-LK-HLADINA.20260329T000000Z.7,2026-03-29T01:00:00+01:00"
    update = good.replace("<msgType>Alert", "<msgType>Update")
    itself = update.replace("<incidents>", f"<references>{triple}</references><incidents>")
    assert "the message references itself" in faults(itself.encode())
    other = triple.replace(".7,", ".6,").replace("T01:00:00", "T00:59:00")
    twice = update.replace("<incidents>", f"<references>{other} {other}</references><incidents>")
    assert faults(twice.encode()) == ["a message is referenced twice"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff",
        b"<alert/>",
        f'<alert xmlns="{NAMESPACE}"/>'.encode(),
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        b"<a>" * 100_000,
    ],
)
def test_any_bytes_are_answered_with_faults(body: bytes) -> None:
    assert faults(body)
