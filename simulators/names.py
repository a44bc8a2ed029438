"""A name server that may be broken, or lie: what a client's resolver answers, switched while it runs."""

import socket
from dataclasses import dataclass, field

from aiohttp.abc import AbstractResolver, ResolveResult


@dataclass(slots=True)
class Names(AbstractResolver):
    """Answers from `addresses`; a host that is not in it, or any while `broken`, is not known."""

    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    broken: bool = False
    asked: list[str] = field(default_factory=list)

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002  # the protocol's own signature
    ) -> list[ResolveResult]:
        """The addresses of `host`.

        Raises:
            OSError: the host is not known.
        """
        self.asked.append(host)
        found = () if self.broken else self.addresses.get(host, ())
        if not found:
            raise OSError(None, f"{host}: temporary failure in name resolution")
        return [_result(host, address, port) for address in found]

    async def close(self) -> None:
        """Nothing to release."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
