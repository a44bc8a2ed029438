"""The rules of validators, away from any server."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from bridge_de.conditional import accepts_gzip, not_modified, representation
from bridge_de.partners import Counter, Listening, listening_of
from floodcore.network.model import Network

NOW = datetime(2026, 6, 1, 12, 0, 0, 500_000, tzinfo=UTC)


@given(one=st.binary(max_size=2000), other=st.binary(max_size=2000))
def test_equal_bytes_have_equal_tags_and_others_have_others(one: bytes, other: bytes) -> None:
    first, second = representation(one, "text/plain", NOW), representation(other, "text/plain", NOW)
    assert (first.tag == second.tag) == (one == other)
    assert not_modified(first, second.etag(zipped=False), None) == (one == other)
    assert not_modified(first, f'W/{second.etag(zipped=True)} , "x"', None) == (one == other)
    assert representation(one, "text/plain", NOW).zipped == first.zipped


@given(seconds=st.integers(-100, 100))
def test_modified_since_counts_whole_seconds(seconds: int) -> None:
    answer = representation(b"x", "text/plain", NOW)
    asked = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert not_modified(answer, None, asked) == (seconds >= 0)
    assert not not_modified(answer, '"other"', asked)
    assert not not_modified(answer, "", asked)


def test_gzip_only_for_those_who_take_it() -> None:
    for header in ("gzip", "br, gzip", "GZIP;q=0.1", "deflate, x-gzip ; q=1"):
        assert accepts_gzip(header), header
    for refusal in (None, "", "br", "gzip;q=0", "gzip; q=0.00", "identity"):
        assert not accepts_gzip(refusal), refusal


def test_a_partner_is_silent_after_the_agreed_time(little: Network) -> None:
    partner = little.partners["zittau"]
    assert listening_of(partner, None, NOW) is Listening.NEVER
    assert listening_of(partner, NOW - timedelta(minutes=5), NOW) is Listening.LISTENING
    assert listening_of(partner, NOW - timedelta(minutes=5, seconds=1), NOW) is Listening.SILENT


def test_fetches_are_written_together_and_none_is_lost() -> None:
    counter, written = Counter(), 0
    for second in range(60):
        for _ in range(3):
            counter.count("lhwz", "/feed/atom.xml", NOW + timedelta(seconds=second))
            due = counter.due(NOW + timedelta(seconds=second))
            written += sum(number for _, _, number in due.values())
    rest = counter.due(NOW + timedelta(hours=1))
    assert written + sum(number for _, _, number in rest.values()) == 180
    assert rest["lhwz", "/feed/atom.xml"][1] == NOW + timedelta(seconds=59)
