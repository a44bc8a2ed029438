"""The words of telling that SMS texts, sending and tests share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One text for one phone, ready to leave. `validity_s`: how long the carrier may keep trying."""

    phone: str
    body: str
    token: str
    validity_s: int


@dataclass(frozen=True, slots=True)
class Question:
    """Which message the list is asked for: `token` in the body, to `phone`, not older than `since`.

    `retired` are the gateway's numbers of messages of it that were given up on purpose, and are no answer.
    """

    phone: str
    token: str
    since: datetime
    retired: Sequence[str] = ()


def mark(token: str) -> str:
    """How a token stands at the end of a text."""
    return f"#{token}"


def carries(body: str, token: str) -> bool:
    """Whether `body` is the text of `token`: it ends so, because a longer token may begin alike."""
    return body.rstrip().endswith(mark(token))


def masked(phone: str) -> str:
    """A phone number as logs and screens show it: country and the last two digits."""
    return f"{phone[:4]}{'*' * max(0, len(phone) - 6)}{phone[-2:]}"
