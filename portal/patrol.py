"""The page of the flood patrols: a person at a staff gauge sends what they read. For those who have a key.

What is sent is kept as a text (`floodcore.store.inbound`) before it is answered; the collectors read it, and
it is judged like any reading. HTTP Basic, name and key of the person (HLADINA_PATROL_KEYS).
"""

import asyncio
import hmac
import re
import secrets
from base64 import b64decode
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from markupsafe import Markup
from psycopg import Error as DatabaseError
from psycopg_pool import PoolTimeout

from floodcore.network.model import Station
from floodcore.store import inbound
from floodcore.words import Language
from portal import pages
from portal.desk import Desk

KIND = "patrol"  # of the link of a station that has a staff gauge
_BODY_CAP = 4096
_BODY_S = 10.0
_FIELDS = 10
_LISTED = 10
_SHOWN = ("station", "value", "time")
_TYPED = 40
_VALUE = re.compile(r"[+-]?[0-9]{1,4}(?:[.,][0-9]{1,2})?")
_TIME = re.compile(r"[0-9]{1,2}:[0-9]{2}")
_TOKEN = re.compile(r"[0-9a-f]{32}")


def gauges(desk: Desk) -> dict[str, Station]:
    """The stations with a staff gauge."""
    stations = desk.house.network.stations.items()
    return {key: station for key, station in stations if any(link.kind == KIND for link in station.links)}


def person_of(keys: Mapping[str, str], authorization: str) -> str:
    """Whose name and key these are; empty when they are nobody's. Compared in constant time."""
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        name, _, key = b64decode(coded.strip(), validate=True).decode().partition(":")
    except ValueError:  # no base64, no UTF-8
        return ""
    known = keys.get(name, "")
    return name if hmac.compare_digest(known.encode(), key.encode()) and known else ""


async def form(desk: Desk, request: web.Request, language: Language) -> web.Response:
    """The form, and what became of what this person sent before."""
    person = person_of(desk.house.settings.patrol_keys, request.headers.get("Authorization", ""))
    if not person:
        return _closed(desk, language)
    return await _answer(desk, language, person, "taken" if "taken" in request.query else "")


async def _body(request: web.Request) -> bytes:
    """The whole form: half a value is no value.

    Raises:
        web.HTTPException: it is too large, or does not come in time.
    """
    body = b""
    try:
        async with asyncio.timeout(_BODY_S):
            while part := await request.content.readany():
                body += part
                if len(body) > _BODY_CAP:
                    raise web.HTTPRequestEntityTooLarge(_BODY_CAP, len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return body


async def send(desk: Desk, request: web.Request, language: Language) -> web.Response:
    """Keep one reading; answered only when it is kept. Sent twice, it is one."""
    person = person_of(desk.house.settings.patrol_keys, request.headers.get("Authorization", ""))
    if not person:
        return _closed(desk, language)
    if not _from_here(request, desk.house.settings.public_url):
        return pages.error(desk, request, language, HTTPStatus.FORBIDDEN)
    try:
        body = await _body(request)
    except web.HTTPException as refusal:
        return pages.error(desk, request, language, refusal.status)
    text, token, wrong = read(body, gauges(desk))
    if wrong:
        return await _answer(desk, language, person, wrong, HTTPStatus.UNPROCESSABLE_ENTITY, typed(body))
    house = desk.house
    try:
        async with house.pool.connection() as connection:
            sender = f"{inbound.PATROL}{person}"
            await inbound.keep(connection, inbound.PAGE, token, sender, text, house.clock.now())
    except (DatabaseError, PoolTimeout):
        return await _answer(desk, language, person, "not_kept", HTTPStatus.SERVICE_UNAVAILABLE, typed(body))
    return web.Response(
        status=HTTPStatus.SEE_OTHER,
        headers={"Location": f"/{language.value}/patrol?taken", "Cache-Control": "no-store"},
    )


def read(body: bytes, known: Mapping[str, Station]) -> tuple[str, str, str]:
    """What was filled in as the text the collectors read, the token of the form, and what is wrong ("" if nothing)."""
    try:
        fields = parse_qs(body.decode(), max_num_fields=_FIELDS, errors="strict")
    except ValueError:
        return "", "", "value"
    station, value, time, token = (fields.get(name, [""])[0].strip() for name in ("station", "value", "time", "token"))
    if station not in known:
        return "", "", "station"
    if _VALUE.fullmatch(value) is None or _TOKEN.fullmatch(token) is None:
        return "", "", "value"
    if time and _TIME.fullmatch(time) is None:
        return "", "", "time"
    return f"LEVEL {station} {value} cm {time}".strip(), token, ""


def typed(body: bytes) -> dict[str, str]:
    """What was typed, to be corrected rather than typed again at night in the rain; empty where it is unreadable."""
    try:
        fields = parse_qs(body.decode(), max_num_fields=_FIELDS, errors="strict")
    except ValueError:
        return {}
    return {name: fields.get(name, [""])[0].strip()[:_TYPED] for name in _SHOWN}


def _marks(said: str) -> Callable[..., Markup]:
    """What a field says of itself: the sentence beside it, and that it is the one to correct."""

    def marks(name: str, note: str = "") -> Markup:
        wrong = said == name
        described = " ".join(part for part in ("said" if wrong else "", note) if part)
        return Markup("").join(
            (
                Markup(' aria-describedby="{}"').format(described) if described else Markup(""),
                Markup(' aria-invalid="true" autofocus') if wrong else Markup(""),
            )
        )

    return marks


def _from_here(request: web.Request, public_url: str) -> bool:
    """Whether our own page sent it: a browser adds the key by itself, whichever site asks it to."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site == "same-origin"
    return origin is None or urlsplit(origin).netloc in {request.host, urlsplit(public_url).netloc}


def _closed(desk: Desk, language: Language) -> web.Response:
    text = desk.render("error.html", desk.reader(language), here="", rest="", **_words(desk, language))
    headers = {"WWW-Authenticate": 'Basic realm="hladina patrol", charset="UTF-8"', "Cache-Control": "no-store"}
    return web.Response(status=HTTPStatus.UNAUTHORIZED, text=text, content_type="text/html", headers=headers)


def _words(desk: Desk, language: Language) -> dict[str, str]:
    reader = desk.reader(language)
    return {"heading": reader.say("page.patrol.title"), "text": reader.say("page.patrol.closed")}


async def _answer(
    desk: Desk,
    language: Language,
    person: str,
    said: str,
    status: HTTPStatus = HTTPStatus.OK,
    filled: Mapping[str, str] | None = None,
) -> web.Response:
    reader = desk.reader(language)
    text = desk.render(
        "patrol.html",
        reader,
        here="",
        rest="patrol",
        person=person,
        said=said,
        bad=status is not HTTPStatus.OK,
        filled=dict.fromkeys(_SHOWN, "") | dict(filled or {}),
        wrong=_marks(said),
        token=secrets.token_hex(16),
        gauges=sorted((station.names.of(language), key) for key, station in gauges(desk).items()),
        rows=[
            {"at": reader.moment(each.received_at), "text": each.body.removeprefix("LEVEL "),
             "outcome": each.outcome or "waiting"}
            for each in await _sent(desk, person)
        ],
    )  # fmt: skip
    headers = {"Cache-Control": "no-store", "Vary": "Authorization"}
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)


async def _sent(desk: Desk, person: str) -> list[inbound.Text]:
    """What this person sent last; nothing while the database is away."""
    try:
        async with desk.house.pool.connection() as connection:
            return list(await inbound.of(connection, f"{inbound.PATROL}{person}", _LISTED))
    except (DatabaseError, PoolTimeout):
        return []
