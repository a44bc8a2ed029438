"""`hladina simulate`: what cannot work is one line, and a closed door is said once."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from floodcore.clock import Clock
from floodcore.words import Quantity
from hladina.commands import simulate
from simulators import pushers, tts_devices
from simulators.sample import Feed, Sample

T0 = datetime(2031, 5, 1, tzinfo=UTC)


def feed(way: str, sensor: str = "") -> Feed:
    moments = (T0 + timedelta(minutes=10 * i) for i in range(3))
    samples = tuple(Sample(at, 50.0, at) for at in moments)
    return Feed("A", Quantity.LEVEL, way, "a", sensor, 400.0, timedelta(minutes=10), samples)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "99999"], "not a port"),
        (["--storm-at", "noon"], "not an ISO time with its zone"),
        (["--storm-at", "2025-01-01T00:00:00"], "not an ISO time with its zone"),
        (["--scenario", "none"], "flash"),
    ],
)
def test_wrong_arguments_are_misuse(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    with pytest.raises(SystemExit) as caught:
        simulate.main(arguments)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.startswith("usage: hladina simulate")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--clock", "x"], "is not origin@anchor"),
        (["--stations", "/nowhere"], "cannot be read"),
        (["--readings", "/nowhere.csv"], "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    root = Path(__file__).resolve().parents[2]
    assert simulate.main(["--stations", str(root / "station_configs"), *arguments]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


async def test_a_closed_house_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5):
            await pushers.push("http://127.0.0.1:1", [feed("push")], {}, Clock(), T0 - timedelta(days=9999))
    assert caplog.text.count("does not take pushes") == 0  # the samples are of 2031: not due
    clock = Clock(T0 + timedelta(days=1), datetime.now(UTC), 1.0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.8):
            await pushers.push("http://127.0.0.1:1", [feed("push")], {}, clock, T0)
    assert caplog.text.count("does not take pushes") == 1


async def test_an_absent_broker_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    clock = Clock(T0 + timedelta(days=1), datetime.now(UTC), 1.0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.8):
            await tts_devices.publish("mqtt://127.0.0.1:1", [feed("tts", "dragino_ldds")], clock, T0)
    assert caplog.text.count("broker away") == 1
