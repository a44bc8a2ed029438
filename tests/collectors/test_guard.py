"""Which servers may be asked: only the configured ones, at addresses of theirs, wherever a name or a redirect leads."""

import ast
import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientTimeout
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from collectors import fetch
from collectors.faults import FetchError
from collectors.guard import Door, GuardedResolver, RefusedAddressError, is_public
from floodcore.settings import Settings

if TYPE_CHECKING:
    from tests.collectors.conftest import Served

Sends = Callable[..., AbstractAsyncContextManager[str]]
HASTY = ClientTimeout(total=2.0)
OWN = Door.of(["https://opendata.example/hydrology", "http://127.0.0.1:8123", "http://10.1.2.3/x"])


class Names(AbstractResolver):
    """A name server of the test: each asking takes the next answer, the last one stays."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
    ) -> list[ResolveResult]:
        self.asked += 1
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not addresses:
            raise OSError(None, "Name or service not known")
        return [
            ResolveResult(hostname=host, host=each, port=port, family=_family(each), proto=0, flags=0)
            for each in addresses
        ]

    async def close(self) -> None:
        pass


def _family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@asynccontextmanager
async def canary() -> AsyncIterator[tuple[int, list[str]]]:
    """A listener on loopback that must hear nothing: its port and who came."""
    heard: list[str] = []

    def met(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(str(writer.get_extra_info("peername")))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\nsecret")
        writer.close()

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "193.0.6.139", "2001:67c:2e8:22::c100:68b", "64:ff9b::808:808", "::ffff:8.8.8.8",
    ],
)  # fmt: skip
def test_addresses_of_the_open_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.254",  # noqa: S104
        "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "::1", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::",
        "2001:0:7f00:1::", "2001:db8::1", "localhost", "", "2130706433", "0x7f.1",
    ],
)  # fmt: skip
def test_addresses_that_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://opendata.example/hydrology/now/", "https://OPENDATA.example:443/", "https://opendata.example./x",
        "http://127.0.0.1:8123/x", "http://10.1.2.3:80/",
    ],
)  # fmt: skip
def test_the_configured_servers_may_be_asked(url: str) -> None:
    OWN.check(URL(url))


@pytest.mark.parametrize(
    "url",
    [
        "http://opendata.example/", "https://opendata.example:8443/", "https://opendata.example.evil.example/",
        "https://evil.example/?https://opendata.example/", "https://opendata.example@evil.example/",
        "https://evil.example#@opendata.example/", "https://evil.example\\@opendata.example/", "http://127.0.0.1/",
        "http://127.0.0.1:8124/", "http://127.0.0.2:8123/", "http://[::1]:8123/", "http://localhost:8123/",
        "http://0:8123/", "http://127.1:8123/", "http://2130706433:8123/", "http://0x7f000001:8123/",
        "http://0177.0.0.1:8123/", "http://[::ffff:127.0.0.1]:8123/", "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/", "http://metadata.google.internal/", "file:///etc/passwd", "gopher://127.0.0.1:8123/",
        "ftp://opendata.example/", "data:text/plain,x", "//opendata.example/", "opendata.example", "", "https://",
        "http://10.1.2.4/x", "http://10.1.2.3.nip.example/x", "https://xn--opendata-example/",
    ],
)  # fmt: skip
def test_no_other_server_may_be_asked(url: str) -> None:
    with pytest.raises((RefusedAddressError, ValueError)):
        OWN.check(URL(url))


async def test_a_server_that_is_not_configured_is_never_connected_to() -> None:
    async with canary() as (port, heard), fetch.session(HASTY, OWN) as http:
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]"):
            with pytest.raises(FetchError):
                await fetch.get(http, f"http://{host}:{port}/", html=False, cap=1000)
        assert heard == []


@pytest.mark.parametrize(
    "addresses", [("127.0.0.1",), ("10.0.0.1", "169.254.169.254"), ("::1",), ("::ffff:127.0.0.1",)]
)
async def test_a_name_that_leads_inside_is_not_followed(addresses: tuple[str, ...]) -> None:
    async with canary() as (port, heard):
        url = f"http://opendata.example:{port}/"
        async with fetch.session(HASTY, Door.of([url]), Names(addresses)) as http:
            with pytest.raises(FetchError, match="no public address"):
                await fetch.get(http, url, html=False, cap=1000)
        assert heard == []


async def test_without_a_door_a_name_leads_outside_only() -> None:
    async with canary() as (port, heard), fetch.session(HASTY, None, Names(("127.0.0.1",))) as http:
        with pytest.raises(FetchError, match="no public address"):
            await fetch.get(http, f"http://opendata.example:{port}/", html=False, cap=1000)
        assert heard == []


async def test_an_operator_may_have_sources_of_his_own_net() -> None:
    async with canary() as (port, heard):
        url = f"http://logger.example:{port}/"
        async with fetch.session(HASTY, Door.of([url], inner=True), Names(("127.0.0.1",))) as http:
            assert await fetch.get(http, url, html=False, cap=1000) == fetch.Fetched(b"secret", "", "")
        assert len(heard) == 1


async def test_what_is_connected_to_is_what_was_checked() -> None:
    """Rebinding: a name that is public when asked first, and leads inside when asked again."""
    names = Names(("203.0.114.7",), ("127.0.0.1",))
    resolver = GuardedResolver(Door.of(["http://opendata.example/"]), names)
    first = await resolver.resolve("opendata.example", 80)
    assert [each["host"] for each in first] == ["203.0.114.7"]
    with pytest.raises(RefusedAddressError):
        await resolver.resolve("opendata.example", 80)


async def test_of_mixed_addresses_only_the_public_ones_are_used() -> None:
    resolver = GuardedResolver(
        Door.of(["http://opendata.example/"]), Names(("10.0.0.1", "203.0.114.7", "fe80::1", "::1"))
    )
    assert [each["host"] for each in await resolver.resolve("opendata.example", 80)] == ["203.0.114.7"]


async def test_an_unknown_name_is_a_fault_of_the_source() -> None:
    url = "http://opendata.example/"
    async with fetch.session(HASTY, Door.of([url]), Names(())) as http:
        with pytest.raises(FetchError, match="opendata"):
            await fetch.get(http, url, html=False, cap=1000)


async def test_a_redirect_is_not_followed_and_its_target_hears_nothing(site: "tuple[Served, str]") -> None:
    served, url = site
    async with canary() as (port, heard), fetch.session(HASTY, Door.of([url])) as http:
        for status in (301, 302, 303, 307, 308):
            served.status("/x", status, b"", Location=f"http://127.0.0.1:{port}/")
            with pytest.raises(FetchError, match=f"answered {status}"):
                await fetch.get(http, url + "/x", html=False, cap=1000)
        with pytest.raises(RefusedAddressError):  # even for a caller that would follow
            await http.get(url + "/x")
        assert heard == []


def test_every_session_of_ours_has_a_door() -> None:
    """A source asked without one could be led anywhere by what it says itself."""
    folder = Path(fetch.__file__).parent
    calls = [
        (path.name, node)
        for path in sorted(folder.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "fetch.session"
    ]
    assert {name for name, _ in calls} >= {"polling.py", "repair.py"}
    assert all(any(word.arg == "door" for word in node.keywords) for _, node in calls)
    own = {path.name for path in folder.glob("*.py") if "ClientSession(" in path.read_text("utf-8")}
    assert own <= {"fetch.py"}, "and nobody makes a client of his own"


def test_the_settings_name_who_may_be_asked() -> None:
    settings = Settings("", Path(), chmu_url="https://a.example/x", source_urls={"imgw": "http://b.example:81"})
    assert fetch.door(settings).origins == {("https", "a.example", 443), ("http", "b.example", 81)}
    assert not fetch.door(settings).inner
    assert fetch.door(replace(settings, inner_sources=True)).inner
