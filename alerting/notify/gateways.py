"""Where texts leave the house: Twilio's REST endpoint, or the terminal when none is configured.

One plain aiohttp call instead of Twilio's async client, which ignores its time-out and repeats a POST
after a 500, that is sends twice (measured with 9.13.0; docs/sms.md). A gateway never raises for what
the network or the other side does: it says what it knows, and the policy decides.
"""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Protocol, TextIO

import aiohttp

from alerting.notify.policy import Answer, Found, Look, Outcome
from alerting.notify.words import Message, Question, carries, masked
from floodcore.settings import Twilio

STATUS_PATH = "/hooks/twilio/status"
POST_LIMIT_S = 8.0
_CONNECT_LIMIT_S = 4.0
# Longest page the list gives. No DateSent filter: what it says about messages still queued, whose
# DateSent is empty, is documented nowhere, and a hidden message would be sent twice.
_PAGE = 1000
_VALIDITY = (6, 36_000)
# The gateway's dates are whole seconds of its own clock. Older texts with the same token are of an
# earlier database of ours, whose numbers began again.
_SKEW_S = 300.0


class Gateway(Protocol):
    """Sends a text, and can be asked later whether it was accepted."""

    async def send(self, message: Message) -> Answer:
        """Offer `message` once."""
        ...

    async def find(self, question: Question) -> Found:
        """Whether the message with this token was accepted, once or twice, and its number."""
        ...


class TwilioGateway:
    """The Messages resource of Twilio's 2010-04-01 API. `callback` is where it reports, without the token."""

    def __init__(
        self, settings: Twilio, callback: str, session: aiohttp.ClientSession, limit_s: float = POST_LIMIT_S
    ) -> None:
        self._settings = settings
        self._callback = callback
        self._session = session
        self._limit = aiohttp.ClientTimeout(total=limit_s, connect=min(_CONNECT_LIMIT_S, limit_s))
        self._url = f"{settings.base_url}/2010-04-01/Accounts/{settings.account_sid}/Messages.json"

    async def send(self, message: Message) -> Answer:
        """POST once. Anything that leaves acceptance open is AMBIGUOUS."""
        sender = "MessagingServiceSid" if self._settings.sender.startswith("MG") else "From"
        form = {
            "To": message.phone,
            sender: self._settings.sender,
            "Body": message.body,
            "StatusCallback": f"{self._callback}?d={message.token}",
            "ValidityPeriod": str(min(max(message.validity_s, _VALIDITY[0]), _VALIDITY[1])),
            "SmartEncoded": "false",
        }
        try:
            async with self._session.post(self._url, data=form, timeout=self._limit, allow_redirects=False) as response:
                body = await response.read()
                return _understand(response.status, body, response.headers.get("Retry-After"))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return Answer(Outcome.UNREACHED, detail=f"the gateway cannot be reached ({type(error).__name__})")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answer(Outcome.AMBIGUOUS, detail=type(error).__name__)

    async def find(self, question: Question) -> Found:
        """Ask the list for the texts to this phone; ABSENT only if a whole answer lacks the token."""
        try:
            async with self._session.get(
                self._url,
                params={"To": question.phone, "PageSize": str(_PAGE)},
                timeout=self._limit,
                allow_redirects=False,
            ) as response:
                if response.status != HTTPStatus.OK:
                    return Found(Look.UNAVAILABLE)
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return Found(Look.UNAVAILABLE)
        return _search(body, question)


def _understand(status: int, body: bytes, retry_after: str | None) -> Answer:
    fields = _object(body)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        sid = fields.get("sid")
        if isinstance(sid, str) and sid:
            return Answer(Outcome.ACCEPTED, sid, status)
        return Answer(Outcome.AMBIGUOUS, http_status=status, detail="accepted without a number")
    code = fields.get("code")
    number = code if isinstance(code, int) else 0
    # A proxy may give up on a request that the gateway still carries out.
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Answer(Outcome.AMBIGUOUS, http_status=status, code=number, detail=f"HTTP {status}")
    return Answer(Outcome.REFUSED, http_status=status, code=number, retry_after_s=_seconds(retry_after))


def _search(body: bytes, question: Question) -> Found:
    messages = _object(body).get("messages")
    if not isinstance(messages, list):
        return Found(Look.UNAVAILABLE)
    sids = [str(message.get("sid", "")) for message in messages if _is_asked_for(message, question)]
    alive = [sid for sid in sids if sid not in question.retired]
    if alive:
        return Found(Look.FOUND, alive[0], twice=len(alive) > 1)
    return Found(Look.UNAVAILABLE if len(messages) >= _PAGE else Look.ABSENT)


def _is_asked_for(message: object, question: Question) -> bool:
    if not isinstance(message, dict) or not carries(str(message.get("body", "")), question.token):
        return False
    created = _moment(str(message.get("date_created", "")))
    return created is None or created >= question.since.timestamp() - _SKEW_S


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def _object(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.strip().isdigit() else None


class ConsoleGateway:
    """Prints each text, labelled, where no gateway is configured. Nobody's phone rings."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    async def send(self, message: Message) -> Answer:
        """Print one line; the number is hidden but for its country and end."""
        self._out.write(f"SMS -> {masked(message.phone)}: {message.body}\n")
        self._out.flush()
        return Answer(Outcome.ACCEPTED, f"console-{message.token}")

    async def find(self, question: Question) -> Found:
        """A terminal cannot be asked what it has shown; a line shown twice wakes nobody."""
        del question
        return Found(Look.BLIND)


@asynccontextmanager
async def open_gateway(
    settings: Twilio | None, public_url: str, *, connections: int, limit_s: float = POST_LIMIT_S
) -> AsyncIterator[Gateway]:
    """The configured gateway, else the console. `connections` bounds what is open to it at once."""
    if settings is None:
        yield ConsoleGateway(sys.stdout)
        return
    async with aiohttp.ClientSession(
        headers={"Authorization": aiohttp.encode_basic_auth(settings.account_sid, settings.auth_token)},
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=30.0),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield TwilioGateway(settings, f"{public_url}{STATUS_PATH}", session, limit_s)
