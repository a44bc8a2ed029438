"""The table of docs/sms.md is that of the policy: what is final is never tried again."""

import re
from pathlib import Path

import pytest

from alerting.notify.policy import CODES, Action, Answer, Outcome, Patience, after_post

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sms.md"
CLASSES = {
    "later": Action.RETRY,
    "sender or account": Action.HALT,
    "one region": Action.OPERATOR,
    "this text": Action.FINAL,
    "this number": Action.BLOCK,
    "content": Action.CONTENT,
}
ROWS = dict(re.findall(r"^\| ([a-z ]+) \| ([^|]*) \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))


@pytest.mark.parametrize("name", CLASSES)
def test_each_code_of_the_page_asks_for_what_the_page_says(name: str) -> None:
    written = {int(code) for code in re.findall(r"\b\d{5}\b", ROWS[name])}
    assert written
    known = {code for code, action in CODES.items() if action is CLASSES[name]}
    assert written <= known
    assert written == known or "…" in ROWS[name]


@pytest.mark.parametrize("code", sorted(CODES))
def test_what_is_final_is_never_tried_again_and_what_is_not_always_is(code: int) -> None:
    action = CODES[code]
    final = action in {Action.FINAL, Action.BLOCK, Action.CONTENT}
    for attempt in (1, 2, 3, 50):
        decision = after_post(Answer(Outcome.REFUSED, http_status=400, code=code), attempt, Patience(), 0.5)
        assert decision.status == ("failed" if final else "due")
        assert decision.block == (action is Action.BLOCK)
        assert bool(decision.operator) == (action in {Action.HALT, Action.OPERATOR, Action.CONTENT})
        assert (decision.pause_s > 0.0) == (action in {Action.HALT, Action.RETRY})
        assert final or decision.wait_s > 0.0
