"""The private broker: starts, wants its password, keeps QoS 1 with manual acknowledgement, ends with its parent."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import aiomqtt
import pytest

from hladina.broker import RunningBroker, mosquitto, running

KINDS = ["amqtt", pytest.param("mosquitto", marks=pytest.mark.skipif(mosquitto() is None, reason="no mosquitto here"))]
PARENT = """
import subprocess, sys, time
leash = [sys.executable, '-m', 'hladina.leash', 'sleep', '300']
child = subprocess.Popen(leash, stdin=subprocess.PIPE, start_new_session=True)
print(child.pid, flush=True)
time.sleep(300)
"""
pytestmark = pytest.mark.timeout(60)


def client(broker: RunningBroker, name: str, password: str | None = None) -> aiomqtt.Client:
    user, _, rest = broker.url.removeprefix("mqtt://").partition(":")
    known, _, address = rest.rpartition("@")
    host, _, port = address.partition(":")
    return aiomqtt.Client(
        host, int(port), username=user, password=password or known, identifier=name, clean_session=False
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_a_message_published_while_the_collector_is_away_is_delivered(tmp_path: Path, kind: str) -> None:
    async with running(tmp_path / "broker", kind=kind) as broker:
        assert broker.kind == kind
        async with client(broker, "collector") as collector:
            await collector.subscribe("v3/+/devices/+/up", qos=1)
        async with client(broker, "device") as device:
            await device.publish("v3/a@t/devices/d/up", b"42", qos=1, timeout=5)
        async with client(broker, "collector") as collector:
            message = await asyncio.wait_for(anext(aiter(collector.messages)), 10)
            assert message.payload == b"42"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wrong_password_is_refused(tmp_path: Path, kind: str) -> None:
    async with running(tmp_path / "broker", kind=kind) as broker:
        with pytest.raises(aiomqtt.MqttError):
            async with client(broker, "stranger", password="wrong"):  # noqa: S106  # wrong on purpose
                pass


@pytest.mark.skipif(mosquitto() is None, reason="no mosquitto here")
async def test_the_queue_survives_the_end_of_the_broker(tmp_path: Path) -> None:
    async with running(tmp_path / "broker", kind="mosquitto") as broker:
        async with client(broker, "collector") as collector:
            await collector.subscribe("t", qos=1)
        async with client(broker, "device") as device:
            await device.publish("t", b"kept", qos=1, timeout=5)
    async with running(tmp_path / "broker", kind="mosquitto") as broker, client(broker, "collector") as collector:
        message = await asyncio.wait_for(anext(aiter(collector.messages)), 10)
        assert message.payload == b"kept"


def test_nothing_is_left_when_the_parent_is_killed() -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PARENT,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    leash = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        if not alive(leash):
            return
        time.sleep(0.1)
    pytest.fail("the leash outlived its parent")


def alive(pid: int) -> bool:
    """Whether the process runs (a zombie that init has not collected yet does not)."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
