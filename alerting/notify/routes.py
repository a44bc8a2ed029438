"""Callbacks of the gateway: reports about messages, and texts from phones.

A callback is believed only if its signature fits our public address: behind a proxy the address the
request shows is not the one that was signed. Blank parameters count for the signature. 2xx is
answered after the commit, so what we have not kept is offered again.
"""

import logging
import random
from datetime import datetime
from urllib.parse import parse_qs

from aiohttp import web
from psycopg import AsyncConnection
from twilio.request_validator import RequestValidator

from alerting.notify import policy, receipts
from alerting.notify.gateways import STATUS_PATH
from alerting.notify.receipts import Receipt, Standing
from alerting.notify.words import masked
from floodcore.house import House
from floodcore.killpoint import passing
from floodcore.store import contacts, sending
from floodcore.store import inbound as readings
from floodcore.store import receipts as stored
from floodcore.store.sending import Blocked

_log = logging.getLogger("hladina.notify")
INBOUND_PATH = "/hooks/twilio/inbound"
_BODY_LIMIT = 16 << 10
_FIELDS_LIMIT = 100
_WORD_LIMIT = 64
_SILENT_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


def routes(house: House) -> list[web.RouteDef]:
    """The two addresses the gateway calls."""

    async def status(request: web.Request) -> web.Response:
        return await _status(house, request)

    async def inbound(request: web.Request) -> web.Response:
        return await _inbound(house, request)

    return [web.post(STATUS_PATH, status), web.post(INBOUND_PATH, inbound)]


class Form(dict[str, list[str]]):
    """The fields of a form, each with all its values: every one counts for the signature."""

    def getall(self, name: str) -> list[str]:
        """All values of `name`, as the validator asks for them."""
        return self[name]

    def first(self, *names: str) -> str:
        """The first value of the first of `names` that is there; empty without one."""
        return next((self[name][0] for name in names if name in self), "")


async def signed_form(house: House, request: web.Request) -> Form:
    """The fields of a request that the gateway signed.

    Raises:
        web.HTTPException: 400, 403 or 413, for anything else.
    """
    if house.settings.twilio is None:
        raise web.HTTPForbidden(text="no gateway is configured\n")
    body = b""
    async for chunk in request.content.iter_chunked(_BODY_LIMIT):
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise web.HTTPRequestEntityTooLarge(_BODY_LIMIT, len(body))
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS_LIMIT, errors="strict")
    except ValueError:
        raise web.HTTPBadRequest(text="not a form\n") from None
    form = Form(fields)
    address = f"{house.settings.public_url}{request.raw_path}"
    signature = request.headers.get("X-Twilio-Signature", "")
    if not signature or not RequestValidator(house.settings.twilio.auth_token).validate(address, form, signature):
        raise web.HTTPForbidden(text="the signature does not fit\n")
    return form


async def _status(house: House, request: web.Request) -> web.Response:
    form = await signed_form(house, request)
    passing("receipt.received")
    sid = form.first("MessageSid", "SmsSid")[:_WORD_LIMIT]
    word = form.first("MessageStatus", "SmsStatus").lower()[:_WORD_LIMIT]
    code = form.first("ErrorCode")
    if not _storable(sid) or not _storable(word):
        raise web.HTTPBadRequest(text="no MessageSid or MessageStatus\n")
    receipt = Receipt(sid, word, int(code) if code.isascii() and code.isdigit() and len(code) < _CODE_DIGITS else 0)
    await keep(house, receipt, request.query.get("d", "")[:_WORD_LIMIT])
    passing("receipt.before_answer")
    return web.Response(status=204)


_CODE_DIGITS = 9


async def keep(house: House, receipt: Receipt, token: str) -> None:
    """Keep a report and let it climb, in one transaction."""
    async with house.pool.connection() as connection, connection.transaction():
        blocked = await climb(connection, house.clock.now(), receipt, token)
        passing("receipt.recorded")
    for one in blocked:
        _log.error("no text reaches %s %s any more: code %s", one.role, masked(one.phone), one.blocked)


async def climb(connection: AsyncConnection, now: datetime, receipt: Receipt, token: str) -> list[Blocked]:
    """Keep a report and what it makes of its delivery; one kept before changes nothing."""
    error = str(receipt.code) if receipt.code else ""
    known = await stored.find(connection, token, receipt.sid)
    number = None if known is None else known.delivery_id
    if not await stored.keep(connection, receipt.sid, receipt.status, error, number) or known is None:
        return []
    valid = policy.of_use(now, known.at, known.valid_until, superseded=known.superseded)
    verdict = receipts.judge(Standing(known.status, known.sid, known.messages, valid, known.retired), receipt)
    if verdict.status is not None or verdict.twice:
        await stored.apply(
            connection,
            known.delivery_id,
            status=verdict.status,
            sid=verdict.sid,
            code=error,
            twice=verdict.twice,
            again=verdict.again,
            wait_s=policy.backoff(known.messages, random.random()),  # noqa: S311  # jitter
        )
    return await sending.block(connection, {known.recipient_id: error}) if verdict.block else []


async def _inbound(house: House, request: web.Request) -> web.Response:
    form = await signed_form(house, request)
    sid, phone = form.first("MessageSid")[:_WORD_LIMIT], form.first("From")[:_WORD_LIMIT]
    wish = receipts.wish(form.first("Body"), form.first("OptOutType"))
    if not _storable(sid) or not _storable(phone):
        return web.Response(text=_SILENT_ANSWER, content_type="text/xml")
    if wish is not None:
        await _heed(house, sid, phone, wish=wish)
    elif sender := _sender(house, phone):  # a text of anyone else is nobody's business
        async with house.pool.connection() as connection:
            await readings.keep(connection, readings.SMS, sid, sender, form.first("Body"), house.clock.now())
    return web.Response(text=_SILENT_ANSWER, content_type="text/xml")


def _sender(house: House, phone: str) -> str:
    """Whose telephone it is that sends readings: of a logger or of a flood patrol; empty for anyone else's."""
    settings = house.settings
    loggers = (f"{readings.LOGGER}{station}" for station, number in settings.sms_loggers.items() if number == phone)
    patrols = (f"{readings.PATROL}{person}" for person, number in settings.patrol_phones.items() if number == phone)
    return next(loggers, "") or next(patrols, "")


async def _heed(house: House, sid: str, phone: str, *, wish: bool) -> None:
    """Do what a text from `phone` asks for, once."""
    role = ""
    async with house.pool.connection() as connection, connection.transaction():
        if not await stored.keep(connection, sid, "inbound", "", None):
            return
        if wish:
            await contacts.opt_in(connection, phone)
        else:
            role = await contacts.opt_out(connection, phone)
    if role == "officer":
        _log.error("the officer at %s asked for no more texts: talk to them, texts go on", masked(phone))


def _storable(text: str) -> bool:
    return bool(text) and text.isprintable()
