"""Which servers may be asked: the ones the operator configured, at addresses that are theirs.

A name is checked where it is resolved, on the very addresses the connection then uses, so that a name
server that answers differently the second time (DNS rebinding) gains nothing. Addresses that are not
public (loopback, private, link-local, the metadata service of a cloud) are refused, unless the
operator's own setting names such an address literally or `inner` allows them.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp import ClientError, ClientRequest, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from aiohttp.resolver import DefaultResolver
from aiohttp.tracing import Trace
from yarl import URL

_SCHEMES = frozenset({"http", "https"})
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last four bytes
_LOOPBACK_NAME = "localhost"
_TEXT_CAP = 100


class RefusedAddressError(ClientError):
    """The address is not one that may be asked; the text says why. An error of the client, which aiohttp lets pass."""


@dataclass(frozen=True, slots=True)
class Door:
    """Who may be asked: `origins` are scheme, host and port; `inner` lets their names resolve to private addresses."""

    origins: frozenset[tuple[str, str, int]]
    inner: bool = False

    @classmethod
    def of(cls, urls: Iterable[str], *, inner: bool = False) -> "Door":
        """The door to the servers of the configured `urls`; empty ones are skipped."""
        return cls(frozenset(origin(URL(url)) for url in urls if url), inner)

    def check(self, url: URL) -> None:
        """Raise unless `url` leads to one of the origins.

        Raises:
            RefusedAddressError: another scheme, host or port.
        """
        if origin(url) not in self.origins:
            message = f"{str(url.origin() if url.absolute else url)[:_TEXT_CAP]} is not a configured source"
            raise RefusedAddressError(message)

    def knows_literally(self, host: str) -> bool:
        """Whether the operator wrote this address, or `localhost`, into a setting."""
        return any(host == known for _, known, _ in self.origins) and (_is_address(host) or host == _LOOPBACK_NAME)


def origin(url: URL) -> tuple[str, str, int]:
    """Scheme, host and port of `url`.

    Raises:
        RefusedAddressError: it is no http or https address with a host.
    """
    if url.scheme not in _SCHEMES or not url.host or url.port is None:
        message = f"{url.scheme[:20]!r} is no scheme of a source"
        raise RefusedAddressError(message)
    return url.scheme, url.host.lower().rstrip("."), url.port


def is_public(address: str) -> bool:
    """Whether `address` is one of the open internet, whatever it is wrapped in. False for what is no address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(each.is_global and not each.is_multicast and not each.is_reserved for each in _unwrapped(found))


def _unwrapped(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The address itself, or the IPv4 addresses it carries inside (mapped, 6to4, Teredo, NAT64)."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    carried: list[IPv4Address | IPv6Address] = [address]
    if address.sixtofour is not None:
        carried.append(address.sixtofour)
    if address.teredo is not None:
        carried += address.teredo
    return carried


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class GuardedResolver(AbstractResolver):
    """Resolves names to public addresses only; `inner` is the resolver that knows the names."""

    def __init__(self, door: Door, inner: AbstractResolver | None = None) -> None:
        self._door = door
        self._inner = DefaultResolver() if inner is None else inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host` that may be connected to.

        Raises:
            RefusedAddressError: it has none but inner ones.
            OSError: it is not known.
        """
        found = await self._inner.resolve(host, port, family)
        if self._door.inner or self._door.knows_literally(host):
            return found
        public = [result for result in found if is_public(result["host"])]
        if found and not public:
            message = f"{host[:_TEXT_CAP]} leads to {found[0]['host'][:_TEXT_CAP]}, which is no public address"
            raise RefusedAddressError(message)
        return public

    async def close(self) -> None:
        """Release the resolver inside."""
        await self._inner.close()


class GuardedConnector(TCPConnector):
    """Every connection of a client passes here, a redirected one too; `door` None lets the caller ask whom it likes."""

    def __init__(self, door: Door | None, resolver: AbstractResolver | None = None) -> None:
        super().__init__(resolver=GuardedResolver(Door(frozenset()) if door is None else door, resolver))
        self._door = door

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,  # noqa: ASYNC109  # aiohttp's own signature
    ) -> Connection:
        """A connection for `req`, if it leads to one of the origins.

        Raises:
            RefusedAddressError: it does not.
        """
        if self._door is not None:
            self._door.check(req.url)
        return await super().connect(req, traces, timeout)
