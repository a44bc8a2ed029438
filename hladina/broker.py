"""A private MQTT broker for the demo: mosquitto if the machine has it, else amqtt from the package index.

Mosquitto is configured not to lose: persistence written on every change, an unlimited queue (its
defaults lose silently at 1,000 messages and everything at a kill). It listens on loopback only, with a
random password, and hangs on a leash, so that it ends with the demo however the demo ends.
"""

import asyncio
import base64
import hashlib
import os
import secrets
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

USER = "hladina"
_SYSTEM_PATH = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"
_ROUNDS = 101  # of mosquitto's own password hashes
_READY_LIMIT_S = 15.0
_STOP_LIMIT_S = 8.0
_LOOK_S = 0.05


class BrokerStartError(RuntimeError):
    """The private broker did not start; the text says what to do."""


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A broker that answers. `durable` says whether its queue survives its own end."""

    url: str
    kind: str
    durable: bool
    pid: int


def mosquitto() -> str | None:
    """The mosquitto program of this machine, or None."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=_SYSTEM_PATH)


@asynccontextmanager
async def running(folder: Path, *, kind: str | None = None) -> AsyncIterator[RunningBroker]:
    """Start a broker with its files in `folder` and stop it at the end.

    Args:
        folder: made if need be; mosquitto keeps its queue there for the next start.
        kind: "mosquitto" or "amqtt"; None takes mosquitto when there is one.

    Raises:
        BrokerStartError: it did not come up.
    """
    program = mosquitto()
    kind = kind or ("amqtt" if program is None else "mosquitto")
    if kind == "mosquitto" and program is None:
        message = "mosquitto is not installed: apt-get install mosquitto"
        raise BrokerStartError(message)
    password, port = secrets.token_urlsafe(24), _free_port()
    command = _prepared_mosquitto(program or "", folder, port, password) if kind == "mosquitto" else []
    command = command or _prepared_amqtt(folder, port, password)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hladina.leash", *command),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the demo, which stops the broker last
    )
    try:
        await _ready(process, port, folder / f"{kind}.log")
        yield RunningBroker(f"mqtt://{USER}:{password}@127.0.0.1:{port}", kind, kind == "mosquitto", process.pid)
    finally:
        await stop(process)


async def stop(process: asyncio.subprocess.Process) -> None:
    """Let go of a process on a leash and wait for its end."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _STOP_LIMIT_S)
    except TimeoutError:
        process.kill()
        await process.wait()


def _prepared_mosquitto(program: str, folder: Path, port: int, password: str) -> Sequence[str]:
    _private(folder)
    passwords, configuration = folder / "passwords", folder / "mosquitto.conf"
    _write(passwords, f"{USER}:{_mosquitto_hash(password)}\n")
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous false",
        f"password_file {passwords}",
        "persistence true",
        f"persistence_location {folder}/",
        "autosave_on_changes true",
        "autosave_interval 1",
        "max_queued_messages 0",
        f"log_dest file {folder / 'mosquitto.log'}",
        "log_type error",
        "log_type warning",
    ]
    if os.geteuid() == 0:
        lines.append("user root")  # the folder may lie where no other user can go
    _write(configuration, "\n".join(lines) + "\n")
    return (program, "-c", str(configuration))


def _prepared_amqtt(folder: Path, port: int, password: str) -> Sequence[str]:
    _private(folder)
    passwords = folder / "passwords"
    _write(passwords, f"{USER}:{PasswordHash((Argon2Hasher(),)).hash(password)}\n")
    return (sys.executable, "-m", "hladina.broker_amqtt", str(port), str(passwords))


def _mosquitto_hash(password: str) -> str:
    """The form `$7$rounds$salt$hash` that mosquitto_passwd writes (PBKDF2, SHA-512)."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    return f"$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


async def _ready(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    for _ in range(round(_READY_LIMIT_S / _LOOK_S)):
        with socket.socket() as probe:
            probe.settimeout(_LOOK_S)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.returncode is not None:
            break
        await asyncio.sleep(_LOOK_S)
    message = f"the broker did not start{last_words(log)}; see {log.parent}"
    raise BrokerStartError(message)


def last_words(log: Path) -> str:
    """The last line a program left in its log, to put behind a message."""
    said = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return f": {said[-1]}" if said else ""


def _private(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
