"""What the gateway reports about a message, as a machine that only climbs. Pure.

Callbacks come twice, late and out of order, with words and properties we have never seen. Each known
word has a rank; a delivery takes the highest it has seen, so any order and any repetition of the same
reports ends the same (tests hold it as a law). `sent` may stay for ever, when the carrier gives no
receipt: it is no proof of anything on the phone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from alerting.notify.policy import CODES, MOST_MESSAGES, Action

# delivered outranks the failures: a receipt from the handset is the stronger proof.
RANK: Mapping[str, int] = MappingProxyType(
    {"due": 0, "expired": 0, "sending": 1, "accepted": 2, "sent": 3, "failed": 4, "undelivered": 5, "delivered": 6}
)
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "accepted": "accepted",
        "scheduled": "accepted",
        "queued": "accepted",
        "sending": "accepted",
        "sent": "sent",
        "delivered": "delivered",
        "read": "delivered",
        "undelivered": "undelivered",
        "failed": "failed",
        "canceled": "failed",
    }
)
_FAILED = frozenset({"failed", "undelivered"})

_STOP = frozenset(
    "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT OPTOUT KONEC ODHLASIT ZRUSIT ENDE ABMELDEN STOPP KONIEC WYPISZ".split()  # noqa: SIM905
)
_START = frozenset({"START", "UNSTOP", "YES", "ZAPNOUT", "PRIHLASIT", "ANMELDEN", "ZAPISZ"})


@dataclass(frozen=True, slots=True)
class Receipt:
    """One callback. `status` is the gateway's word in lower case; `code` 0 without an error."""

    sid: str
    status: str
    code: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the delivery: `sid` of its current message, empty before the first answer.

    `messages` is how many messages of it the gateway has reported on, this one included. `valid`: its
    event still has to be told. `retired`: the message of this receipt was reported as
    failed before, and the text offered again on purpose.
    """

    status: str
    sid: str
    messages: int
    valid: bool
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receipt changes. `status` None: nothing. `block`: no text will reach this recipient."""

    status: str | None
    sid: str = ""
    again: bool = False
    twice: bool = False
    block: bool = False


def climb(current: str, reported: str) -> str:
    """The higher of our status and the gateway's word; an unknown word changes nothing."""
    word = _WORDS.get(reported)
    return current if word is None or RANK[word] <= RANK[current] else word


def judge(standing: Standing, receipt: Receipt) -> Verdict:
    """What `receipt`, seen for the first time, makes of the delivery.

    A receipt for a delivery without a sid answers the open question of its POST, even when the
    delivery was given up meanwhile. One for another message than the current shows that two were
    accepted, unless the other one is retired; only its `delivered` counts.
    """
    word = _WORDS.get(receipt.status)
    if word is None:
        return Verdict(None)
    action = CODES.get(receipt.code)
    block = action is Action.BLOCK and word in _FAILED
    if standing.retired or standing.sid not in {"", receipt.sid}:
        reached = word == "delivered" and standing.status != "delivered"
        twice = standing.sid not in {"", receipt.sid} and not standing.retired
        return Verdict("delivered" if reached else None, standing.sid or receipt.sid, twice=twice, block=block)
    if word in _FAILED and RANK[word] > RANK[standing.status] and _again(standing, action):
        return Verdict("due", again=True)
    risen = climb(standing.status, receipt.status)
    return Verdict(None if risen == standing.status else risen, receipt.sid, block=block)


def _again(standing: Standing, action: Action | None) -> bool:
    return action is Action.RETRY and standing.valid and standing.messages < MOST_MESSAGES


def wish(body: str, opt_out_type: str) -> bool | None:
    """Whether an inbound text asks to stop (False) or start (True) texts; None for anything else.

    The gateway's own verdict (`OptOutType`) goes first; else the text must be one single word.
    """
    from_gateway = {"STOP": False, "START": True}.get(opt_out_type.strip().upper())
    if from_gateway is not None:
        return from_gateway
    word = body.strip().strip(".!\"'").upper()
    word = word.translate(str.maketrans("ÁŠÍ", "ASI"))
    if word in _STOP:
        return False
    return True if word in _START else None
