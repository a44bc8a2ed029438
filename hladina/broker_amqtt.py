"""`python -m hladina.broker_amqtt PORT PASSWORD_FILE`: the pip-installable broker, for machines without mosquitto.

It keeps sessions in memory only: what a collector has not fetched is lost when this process ends.
Good enough for a demo, never for operation.
"""

import asyncio
import logging
import sys
from collections.abc import Sequence

from amqtt.broker import Broker


def main(arguments: Sequence[str]) -> int:
    """Serve until killed."""
    port, password_file = arguments
    logging.basicConfig(level=logging.CRITICAL)
    asyncio.run(_serve(int(port), password_file))
    return 0


async def _serve(port: int, password_file: str) -> None:
    plugins = {"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": password_file}}
    listeners = {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}
    broker = Broker({"listeners": listeners, "plugins": plugins})
    await broker.start()
    try:
        await asyncio.Event().wait()
    finally:
        await broker.shutdown()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
