"""What follows from what the gateway said: try again, give up, ask, stop everything. Pure; the driver acts.

Sending an SMS is not idempotent: a repeated POST may reach the phone twice. So an answer that leaves
open whether the message was accepted (a time-out, a reset, any 5xx) leads to no retry before the
gateway's list has been asked. Where the list does not answer either, life-safety prefers one flagged
duplicate to one loss, once (ADR 0007).

Error codes: Twilio's documentation of 21610, 21611, 30001 and 30003-30008 was read; the others of the
table are general knowledge of its error dictionary and stand to be confirmed on the live account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from http import HTTPStatus
from types import MappingProxyType

FIRST_BACKOFF_S = 2.0
LONGEST_BACKOFF_S = 60.0
LONGEST_PAUSE_S = 60.0
OPERATOR_BACKOFF_S = 30.0
# A message the networks failed to hand over is offered again, at most so often in all.
MOST_MESSAGES = 3
# After an outage of ours the current state is still told, marked as delayed, up to this age of the event.
LONGEST_DELAY = timedelta(hours=6)
DELAYED_VALIDITY = timedelta(minutes=30)
# A refusal we do not know is tried so often before it is believed.
MOST_UNKNOWN = 3


class Action(StrEnum):
    """What an error code asks for."""

    RETRY = auto()
    HALT = auto()  # sender or account: no text will pass, stop and call the operator
    OPERATOR = auto()  # configuration that hits some recipients: try them later, let the others pass
    FINAL = auto()  # this text will not reach this recipient
    BLOCK = auto()  # no text will reach this recipient: mark the contact
    CONTENT = auto()  # the text itself is refused: never the same again


def _table(rows: Mapping[Action, tuple[int, ...]]) -> Mapping[int, Action]:
    return MappingProxyType({code: action for action, codes in rows.items() for code in codes})


CODES: Mapping[int, Action] = _table(
    {
        # rate, queue overflow, handset unreachable, unknown, carrier congestion
        Action.RETRY: (20429, 30001, 30003, 30008, 30017, 30022),
        # authentication, sender, callback address, full queue, empty pool, suspended, registration, daily limit
        Action.HALT: (20003, 20404, 21603, 21606, 21609, 21611, 21659, 21704, 30002, 30032, 30034, 30035, 63038),
        # region not enabled: a Polish number must not stop the Czech ones
        Action.OPERATOR: (21408,),
        # blocked by the carrier or the handset, unknown or switched-off subscriber: may be so only tonight
        Action.FINAL: (30004, 30005),
        # no number, opted out, not routable, landline
        Action.BLOCK: (21211, 21214, 21217, 21610, 21612, 21614, 30006),
        # too long, filtered, too large
        Action.CONTENT: (21617, 30007, 30019),
    }
)


_WRONG_ACCOUNT = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_MOVED = range(300, 400)


class Outcome(StrEnum):
    """How a POST ended."""

    ACCEPTED = auto()
    REFUSED = auto()  # an answer that says no
    UNREACHED = auto()  # the request never left: no connection
    AMBIGUOUS = auto()  # it may have been accepted


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from a POST. `code` is the gateway's own error code, 0 without one."""

    outcome: Outcome
    sid: str = ""
    http_status: int = 0
    code: int = 0
    retry_after_s: float | None = None
    detail: str = ""


class Look(StrEnum):
    """What the gateway's list says about one text."""

    FOUND = auto()
    ABSENT = auto()
    UNAVAILABLE = auto()
    BLIND = auto()  # a channel that cannot be asked at all, and may be used again: nobody's phone rings


@dataclass(frozen=True, slots=True)
class Found:
    """What the list showed: `sid` of the text if it is there; `twice` if there are two of it."""

    look: Look
    sid: str = ""
    twice: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an open question may stay open, in real seconds.

    `settle_s`: after this a list that answers and lacks the text proves that it was not accepted. It is
    counted from the last moment at which the POST may have begun, so it is longer than a POST may take;
    a gateway whose list lags longer than the rest breaks this, and then only its callback, or the answer
    to the older POST, shows the duplicate.
    `doubt_s`: after this a list that does not answer is no longer waited for.
    """

    look_s: float = 2.0
    settle_s: float = 10.0
    doubt_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a delivery.

    `status` as in the table; `wait_s` until it is due again (status due) or looked for again (status
    sending); `pause_s` stops all sending; `operator` is a line for the operator, empty for none.
    """

    status: str
    error: str = ""
    wait_s: float = 0.0
    ambiguous: bool = False
    doubled: bool = False
    block: bool = False
    pause_s: float = 0.0
    operator: str = ""


def backoff(attempt: int, jitter: float) -> float:
    """Seconds before attempt + 1: doubling from 2 s to 60 s, of which the upper half is `jitter` in [0, 1)."""
    full = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(max(attempt, 1) - 1, 16))
    return full * (0.5 + 0.5 * jitter)


def action_of(http_status: int, code: int) -> Action | None:
    """What a refusal asks for; None when neither its code nor its HTTP status is known."""
    known = CODES.get(code)
    if known is not None:
        return known
    if http_status == HTTPStatus.TOO_MANY_REQUESTS:
        return Action.RETRY
    return Action.HALT if http_status in _WRONG_ACCOUNT or http_status in _MOVED else None


def after_post(answer: Answer, attempt: int, patience: Patience, jitter: float) -> Decision:
    """Judge a POST that was attempt number `attempt` (from 1)."""
    match answer.outcome:
        case Outcome.ACCEPTED:
            return Decision("accepted")
        case Outcome.AMBIGUOUS:
            return Decision("sending", answer.detail, wait_s=patience.look_s, ambiguous=True)
        case Outcome.UNREACHED:
            wait = backoff(attempt, jitter)
            return Decision("due", answer.detail, wait, pause_s=min(wait, 5.0), operator=answer.detail)
        case Outcome.REFUSED:
            return _refused(answer, attempt, jitter)


def _refused(answer: Answer, attempt: int, jitter: float) -> Decision:
    error = str(answer.code or answer.http_status)
    action = action_of(answer.http_status, answer.code)
    operator = f"{_LINES[action]}: {error}" if action in _LINES else ""
    if action is Action.RETRY:
        named = answer.retry_after_s
        pause = min(LONGEST_PAUSE_S, FIRST_BACKOFF_S if named is None else named)
        wait = backoff(attempt, jitter) if named is None else pause * (1.0 + 0.2 * jitter)
        return Decision("due", error, wait, pause_s=pause)
    if action in {Action.HALT, Action.OPERATOR}:
        wait = OPERATOR_BACKOFF_S * (0.5 + 0.5 * jitter)
        return Decision("due", error, wait, pause_s=wait if action is Action.HALT else 0.0, operator=operator)
    if action is None and attempt < MOST_UNKNOWN:
        return Decision("due", error, backoff(attempt, jitter))
    return Decision("failed", error, block=action is Action.BLOCK, operator=operator)


_LINES: Mapping[Action | None, str] = MappingProxyType(
    {
        Action.HALT: "the gateway refuses all texts, check account and sender",
        Action.OPERATOR: "the gateway is not set up for a region",
        Action.CONTENT: "the gateway refuses a text for its content",
        None: "the gateway refuses a text for a reason we do not know",
    }
)


def after_look(look: Look, open_s: float, patience: Patience, *, doubled: bool, valid: bool) -> Decision:
    """Judge what the list said about a text whose POST has been an open question for `open_s`.

    `doubled`: a retry without proof was already made, so there will be no second. `valid`: the event
    still has to be told (`of_use`), if need be in a renewed text.
    """
    match look:
        case Look.FOUND:
            return Decision("accepted")
        case Look.ABSENT:
            left = patience.settle_s - open_s
            return _ask_again(min(patience.look_s, left)) if left > 0.0 else Decision("due")
        case Look.BLIND:
            return Decision("due", "unproven", doubled=True) if valid else Decision("failed", "unknown")
        case Look.UNAVAILABLE:
            in_doubt = open_s >= patience.doubt_s
            return _in_doubt(patience, doubled=doubled, valid=valid) if in_doubt else _ask_again(patience.look_s)


def _ask_again(wait_s: float) -> Decision:
    return Decision("sending", wait_s=wait_s, ambiguous=True)


def _in_doubt(patience: Patience, *, doubled: bool, valid: bool) -> Decision:
    if not valid:
        return Decision("failed", "unknown", operator="whether a text was sent will stay unknown")
    if doubled:
        return _ask_again(patience.look_s)
    return Decision("due", "unproven", doubled=True, operator="a text is sent again without proof")


@dataclass(frozen=True, slots=True)
class Telling:
    """How an announcement is told: marked as delayed or not, and until when its texts are of use."""

    delayed: bool
    valid_until: datetime


def telling(now: datetime, at: datetime, valid_until: datetime, *, newest: bool) -> Telling | None:
    """Whether an event of `at` is still told at `now`; None for one that nobody shall hear any more.

    Past its validity only the current state (`newest` of its series) is told, for six hours, as delayed:
    a text about a state that has passed would mislead, no text at all would hide the present one.
    """
    if now < valid_until:
        return Telling(delayed=False, valid_until=valid_until)
    if not newest or now - at > LONGEST_DELAY:
        return None
    return Telling(delayed=True, valid_until=now + DELAYED_VALIDITY)


def of_use(now: datetime, at: datetime, valid_until: datetime, *, superseded: bool) -> bool:
    """Whether somebody still has to hear of an event of `at`: as it was written, or renewed as delayed."""
    return not superseded and telling(now, at, valid_until, newest=True) is not None
