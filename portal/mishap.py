"""When a page cannot be made: a page that says so and what to do, in the reader's language, and no stack.

It leans on nothing that may have broken the page: no frame of the other pages, no board, no database.
"""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web
from jinja2 import TemplateError

from floodcore.words import Language
from portal import answers, languages, pages
from portal.board import OUTAGES, Bytes
from portal.desk import Desk
from portal.geojson import Json

# What making a page may raise: a state that does not decode, arithmetic, a slip of ours, a template.
FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    TemplateError,
)
_RETRY_AFTER_S = "10"
_READ_ONLY = "GET, HEAD"
_TAKES_TOO = {"/patrol": f"{_READ_ONLY}, POST"}

_log = logging.getLogger("hladina.portal")


async def caught(
    desk: Desk, handler: Callable[[web.Request], Awaitable[web.StreamResponse]], request: web.Request
) -> web.StreamResponse:
    """The answer of `handler`, or in its place one that says what to do. Not for an answer that is streamed."""
    try:
        return await handler(request)
    except OUTAGES as outage:
        _log.warning("%s waits for the database: %s", request.path, type(outage).__name__)
        return _instead(desk, request, HTTPStatus.SERVICE_UNAVAILABLE)
    except FAULTS as fault:
        _log.error("%s could not be made: %s: %s", request.path, type(fault).__name__, fault)
        _log.debug("%s", request.path, exc_info=fault)
        return _instead(desk, request, HTTPStatus.INTERNAL_SERVER_ERROR)


async def refused(desk: Desk, request: web.Request) -> web.StreamResponse:
    """405 to a method that an address of ours does not take, with a sentence instead of a number."""
    name = next((each for ending, each in _TAKES_TOO.items() if request.path.endswith(ending)), _READ_ONLY)
    if not _is_page(request.path):
        response = answers.refusal(request, HTTPStatus.METHOD_NOT_ALLOWED, "this address is only read", f"use {name}")
    else:
        response = pages.error(desk, request, _language(request), HTTPStatus.METHOD_NOT_ALLOWED)
    response.headers["Allow"] = name
    return response


def _is_page(path: str) -> bool:
    return not path.startswith(("/api/", "/health", "/metrics"))


def _language(request: web.Request) -> Language:
    name = request.match_info.get("language", "")
    known = name in set(Language)
    return Language(name) if known else languages.negotiate(request.headers.get("Accept-Language", ""))


def _instead(desk: Desk, request: web.Request, status: HTTPStatus) -> web.Response:
    headers = {"Retry-After": _RETRY_AFTER_S}
    if request.path.startswith("/api/"):
        body: Json = {"error": "the answer could not be made", "hint": f"try again in {_RETRY_AFTER_S} s"}
        return answers.data(request, body, status=status, headers=headers)
    language = _language(request)
    texts = desk.house.texts
    page = desk.templates.get_template("mishap.html").render(t=lambda key: texts.say(language, key), language=language)
    return answers.finished(
        request, Bytes.of(page.encode()), answers.HTML, status=status, cache="no-store", headers=headers
    )
