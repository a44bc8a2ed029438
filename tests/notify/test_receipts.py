"""The machine of receipts only climbs, in whatever order the words come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.notify.policy import CODES, MOST_MESSAGES, Action
from alerting.notify.receipts import RANK, Receipt, Standing, Verdict, climb, judge, wish

ours = st.sampled_from(sorted(RANK))
theirs = st.sampled_from(
    [
        "accepted",
        "scheduled",
        "queued",
        "sending",
        "sent",
        "delivered",
        "read",
        "undelivered",
        "failed",
        "canceled",
        "receiving",
        "tomorrow",
    ]
) | st.text(max_size=5)
RETRYABLE = sorted(code for code, action in CODES.items() if action is Action.RETRY)


def play(words: list[str], start: str = "sending") -> str:
    """Our status after these words, each kept once, as the store does."""
    standing = Standing(start, "", 1, valid=True)
    for word in dict.fromkeys(words):
        verdict = judge(standing, Receipt("SM1", word))
        if verdict.status is not None:
            standing = Standing(verdict.status, verdict.sid, 1, valid=True)
    return standing.status


@given(ours, theirs)
def test_the_rank_never_falls_and_twice_is_once(current: str, word: str) -> None:
    once = climb(current, word)
    assert RANK[once] >= RANK[current]
    assert climb(once, word) == once


@given(
    st.lists(theirs, max_size=6).flatmap(lambda words: st.tuples(st.just(words), st.permutations(words))),
    st.integers(1, 3),
)
def test_any_order_and_any_repetition_ends_the_same(both: tuple[list[str], list[str]], times: int) -> None:
    words, shuffled = both
    assert play(words) == play(shuffled * times)


@given(
    ours,
    st.sampled_from(["", "SM1", "SM2"]),
    st.integers(1, 5),
    st.booleans(),
    st.booleans(),
    theirs,
    st.sampled_from([0, *CODES]),
)
def test_laws_of_one_receipt(
    status: str, sid: str, messages: int, valid: bool, retired: bool, word: str, code: int
) -> None:
    verdict = judge(Standing(status, sid, messages, valid, retired), Receipt("SM1", word, code))
    if verdict.again:
        assert valid
        assert messages < MOST_MESSAGES
        assert code in RETRYABLE
        assert (verdict.status, verdict.sid) == ("due", "")
    elif verdict.status is not None:
        assert RANK[verdict.status] > RANK[status]
        assert verdict.sid != ""
    if sid == "SM2" and verdict.status is not None:
        assert verdict.status == "delivered"
    if retired:
        assert not verdict.twice
    if status == "delivered":
        assert verdict.status is None


def test_a_phone_out_of_reach_is_offered_again_but_not_for_ever() -> None:
    undelivered = Receipt("SM1", "undelivered", 30003)
    assert judge(Standing("sent", "SM1", 1, valid=True), undelivered) == Verdict("due", again=True)
    assert judge(Standing("sent", "SM1", 3, valid=True), undelivered).status == "undelivered"
    assert judge(Standing("sent", "SM1", 1, valid=False), undelivered).status == "undelivered"


def test_a_landline_blocks_the_contact() -> None:
    verdict = judge(Standing("sent", "SM1", 1, valid=True), Receipt("SM1", "undelivered", 30006))
    assert (verdict.status, verdict.block) == ("undelivered", True)


def test_a_second_message_is_flagged() -> None:
    assert judge(Standing("accepted", "SM2", 2, valid=True), Receipt("SM1", "queued")).twice
    assert judge(Standing("accepted", "SM2", 2, valid=True), Receipt("SM1", "delivered")) == Verdict(
        "delivered", "SM2", twice=True
    )


@pytest.mark.parametrize(
    ("body", "opt_out_type", "wanted"),
    [
        ("STOP", "", False),
        (" stop. ", "", False),
        ("Konec", "", False),
        ("ODHLÁSIT", "", False),
        ("ende", "", False),
        ("END", "", False),
        ("anything at all", "STOP", False),
        ("START", "", True),
        ("x", "START", True),
        ("stop sending water", "", None),
        ("Voda stoupa", "", None),
        ("", "HELP", None),
        ("", "", None),
    ],
)
def test_what_a_text_asks_for(body: str, opt_out_type: str, wanted: bool | None) -> None:
    assert wish(body, opt_out_type) is wanted
