"""A fake SMS gateway in Twilio's shape, that misbehaves on demand. Its own log is the truth of a test.

It shares nothing with the sender: form fields, statuses, error codes and the signature of callbacks
(base64 of HMAC-SHA1 over the address and the sorted fields) are written here a second time from
Twilio's description, so that a misreading on one side shows.

`python -m simulators.gateway --port 9080 --seed 1 --trouble 0.2` runs it alone.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum, auto
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

ACCOUNT = "AC00000000000000000000000000000000"
TOKEN = "simulated-token"  # noqa: S105  # of a gateway that does not exist


class Does(StrEnum):
    """What the gateway does with one POST."""

    ACCEPT = auto()
    BUSY = auto()  # 429 with Retry-After
    FAIL_BEFORE = auto()  # 500, not accepted
    FAIL_AFTER = auto()  # 500, accepted
    HANG_BEFORE = auto()
    HANG_AFTER = auto()
    RESET_BEFORE = auto()  # connection cut, not accepted
    RESET_AFTER = auto()  # connection cut, accepted
    GARBLE = auto()  # accepted, but the answer is half a JSON
    OPTED_OUT = auto()  # 400, 21610
    BAD_NUMBER = auto()  # 400, 21211
    NO_REGION = auto()  # 400, 21408
    BAD_SENDER = auto()  # 400, 21606
    STRANGE = auto()  # 400, a code nobody knows


_REFUSALS = {
    Does.OPTED_OUT: 21610,
    Does.BAD_NUMBER: 21211,
    Does.NO_REGION: 21408,
    Does.BAD_SENDER: 21606,
    Does.STRANGE: 99999,
}
_ACCEPTING = {Does.ACCEPT, Does.FAIL_AFTER, Does.HANG_AFTER, Does.RESET_AFTER, Does.GARBLE}
TROUBLE = (
    Does.BUSY,
    Does.FAIL_BEFORE,
    Does.FAIL_AFTER,
    Does.HANG_AFTER,
    Does.RESET_BEFORE,
    Does.RESET_AFTER,
    Does.GARBLE,
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message the gateway took: what a phone would get."""

    sid: str
    to: str
    body: str
    at: datetime
    monotonic: float
    callback: str
    validity_s: int


@dataclass(slots=True)
class FakeGateway:
    """The gateway's behaviour and its log. Change the fields at any time.

    `script` holds, per number, what happens to its next POSTs; afterwards `usual`, or with the
    probability `trouble` one of TROUBLE. `reports` are the statuses of the callbacks, in order;
    `shuffled` sends them in any order and some twice. `list_lag_s` hides young messages from the
    list; `list_down` breaks it.
    """

    seed: int = 0
    delay_s: float = 0.0
    hang_s: float = 30.0
    retry_after_s: int = 1
    usual: Does = Does.ACCEPT
    trouble: float = 0.0
    script: dict[str, deque[Does]] = field(default_factory=dict)
    reports: tuple[str, ...] = ()
    report_code: dict[str, int] = field(default_factory=dict)
    report_delay_s: float = 0.05
    shuffled: bool = False
    list_lag_s: float = 0.0
    list_down: bool = False
    accepted: list[Accepted] = field(default_factory=list)
    posts: int = 0
    lists: int = 0
    answers: list[int] = field(default_factory=list)
    _rng: random.Random = field(init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _session: aiohttp.ClientSession | None = None

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)

    def plan(self, phone: str, *does: Does) -> None:
        """Script the next POSTs to `phone`."""
        self.script.setdefault(phone, deque()).extend(does)

    def application(self) -> web.Application:
        """The server, with Twilio's two addresses that we use."""
        app = web.Application()
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        app.add_routes([web.post(path, self._create), web.get(path, self._list)])
        app.cleanup_ctx.append(self._calls)
        return app

    async def _calls(self, _app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as self._session:
            yield
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self.posts += 1
        form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        if not _authorised(request):
            return _problem(401, 20003, "Authenticate")
        if not form.get("To"):
            return _problem(400, 21604, "A 'To' phone number is required.")
        if len(form.get("Body", "")) > 1600:  # noqa: PLR2004  # Twilio's limit
            return _problem(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        does = self._next(form["To"])
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        message = self._accept(form) if does in _ACCEPTING else None
        return await self._answer(request, does, message)

    def _next(self, phone: str) -> Does:
        planned = self.script.get(phone)
        if planned:
            return planned.popleft()
        return self._rng.choice(TROUBLE) if self._rng.random() < self.trouble else self.usual

    def _accept(self, form: dict[str, str]) -> Accepted:
        message = Accepted(
            sid="SM" + hashlib.md5(f"{self.seed}/{len(self.accepted)}".encode(), usedforsecurity=False).hexdigest(),
            to=form["To"],
            body=form.get("Body", ""),
            at=datetime.now(UTC),
            monotonic=time.monotonic(),
            callback=form.get("StatusCallback", ""),
            validity_s=int(form.get("ValidityPeriod", "36000")),
        )
        self.accepted.append(message)
        if self.reports and message.callback:
            task = asyncio.create_task(self._report(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return message

    async def _answer(self, request: web.Request, does: Does, message: Accepted | None) -> web.StreamResponse:
        match does:
            case Does.ACCEPT if message is not None:
                return web.json_response(_resource(message), status=201)
            case Does.BUSY:
                headers = {"Retry-After": str(self.retry_after_s)}
                return _problem(429, 20429, "Too Many Requests", headers)
            case Does.FAIL_BEFORE | Does.FAIL_AFTER:
                return _problem(500, 20500, "Internal Server Error")
            case Does.HANG_BEFORE | Does.HANG_AFTER:
                await asyncio.sleep(self.hang_s)
            case Does.GARBLE:
                return web.Response(text='{"sid": "SM', status=201, content_type="application/json")
            case Does.RESET_BEFORE | Does.RESET_AFTER:
                pass
            case _:
                return _problem(400, _REFUSALS[does], "refused")
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def _list(self, request: web.Request) -> web.Response:
        self.lists += 1
        if self.list_down:
            return _problem(503, 20503, "Service Unavailable")
        if not _authorised(request):
            return _problem(401, 20003, "Authenticate")
        old_enough = time.monotonic() - self.list_lag_s
        to = request.query.get("To")
        found = [m for m in reversed(self.accepted) if m.monotonic <= old_enough and to in {None, m.to}]
        size = int(request.query.get("PageSize", "50"))
        return web.json_response({"messages": [_resource(m) for m in found[:size]], "page": 0, "page_size": size})

    async def _report(self, message: Accepted) -> None:
        reports = list(self.reports)
        if self.shuffled:
            reports += self._rng.choices(reports, k=2)
            self._rng.shuffle(reports)
        for status in reports:
            await asyncio.sleep(self.report_delay_s * self._rng.random())
            await self.call(message.callback, report(message, status, self.report_code.get(status, 0)))

    async def call(self, address: str, form: dict[str, str], signature: str | None = None) -> int:
        """POST a callback, signed unless `signature` is given; repeated like Twilio's until it is heard."""
        headers = {"X-Twilio-Signature": sign(TOKEN, address, form) if signature is None else signature}
        if self._session is None:
            return 0
        for _ in range(3):
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with self._session.post(address, data=form, headers=headers) as response:
                    self.answers.append(response.status)
                    return response.status
            await asyncio.sleep(self.report_delay_s)
        return 0


def report(message: Accepted, status: str, code: int = 0) -> dict[str, str]:
    """The fields of a status callback, a blank one and one of tomorrow among them."""
    fields = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "AccountSid": ACCOUNT,
        "From": "HLADINA",
        "To": message.to,
        "MessageStatus": status,
        "SmsStatus": status,
        "ApiVersion": "2010-04-01",
        "MessagingServiceSid": "",
        "PropertyOfTomorrow": "řeka",
    }
    return fields | ({"ErrorCode": str(code)} if code else {})


def sign(token: str, address: str, form: dict[str, str]) -> str:
    """Twilio's signature: base64(HMAC-SHA1(token, address + sorted name + value))."""
    signed = address + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def _authorised(request: web.Request) -> bool:
    wanted = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    return request.headers.get("Authorization", "") == f"Basic {wanted}"


def _resource(message: Accepted) -> dict[str, str | None]:
    return {
        "sid": message.sid,
        "to": message.to,
        "body": message.body,
        "status": "queued",
        "num_segments": "1",
        "error_code": None,
        "price": None,
        "date_created": format_datetime(message.at),
        "date_sent": None,
    }


def _problem(status: int, code: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    body = json.dumps({"code": code, "message": text, "status": status})
    return web.Response(status=status, text=body, content_type="application/json", headers=headers)


async def serve(
    gateway: FakeGateway, host: str = "127.0.0.1", port: int = 0, say: Callable[[str], None] = lambda _line: None
) -> tuple[web.AppRunner, str]:
    """Start serving; returns the runner (to clean up) and the base address."""
    runner = web.AppRunner(gateway.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    address = f"http://{host}:{runner.addresses[0][1]}"
    say(address)
    return runner, address


async def _run(arguments: argparse.Namespace) -> None:
    gateway = FakeGateway(seed=arguments.seed, delay_s=arguments.delay, trouble=arguments.trouble)
    gateway.reports = ("queued", "sent", "delivered")
    gateway.shuffled = arguments.trouble > 0.0
    runner, _ = await serve(gateway, arguments.host, arguments.port, say=print)
    told = 0
    try:
        while True:
            await asyncio.sleep(0.5)
            for message in gateway.accepted[told:]:
                print(f"{message.at:%H:%M:%S} {message.to}: {message.body}", flush=True)
            told = len(gateway.accepted)
    finally:
        await runner.cleanup()


def main() -> None:
    """Run the gateway alone, printing what it accepts."""
    parser = argparse.ArgumentParser(description="A fake SMS gateway in Twilio's shape")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9080)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--delay", type=float, default=0.05, help="seconds before each answer")
    parser.add_argument("--trouble", type=float, default=0.0, help="probability that a POST goes wrong")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
