"""The demo from outside: what it remembers, what it refuses, and one short run of the whole."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hladina import demo
from hladina.demo_folder import DemoError, Memory, locked, recall, remember
from simulators.scenarios import SCENARIOS

NOW = datetime(2030, 7, 1, 12, tzinfo=UTC)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that root's PostgreSQL, which runs as another user, can reach; tmp_path is closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="hladina-test-demo-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_what_is_remembered_is_recalled(tmp_path: Path) -> None:
    memory = Memory("flash", "", 7, (NOW, NOW + timedelta(days=1)), NOW + timedelta(days=1, hours=2))
    assert recall(tmp_path) is None
    remember(tmp_path, memory)
    assert recall(tmp_path) == memory
    assert [path.name for path in tmp_path.iterdir()] == ["demo.json"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"scenario": "x"}', "\x00"])
def test_a_strange_file_is_said_so_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "demo.json").write_text(text)
    with pytest.raises(DemoError, match="remove the folder") as caught:
        recall(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_new_storm_comes_only_when_the_last_is_over() -> None:
    length = SCENARIOS["flash"].length
    during = Memory("flash", "", 1, (NOW,), NOW + length - timedelta(minutes=1))
    after = Memory("flash", "", 1, (NOW,), NOW + length)
    assert during.continued() == during
    assert after.continued().storms == (NOW, NOW + length)
    assert Memory("flash", "aire", 1, (), NOW).continued().storms == ()


def test_one_demo_a_folder(tmp_path: Path) -> None:
    with locked(tmp_path / "d"), pytest.raises(DemoError, match=f"process {os.getpid()}"), locked(tmp_path / "d"):
        pass
    with locked(tmp_path / "d"):
        pass


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "none"], "flash"),
        (["--port", "0"], "not a port"),
        (["--for", "-1"], "not a positive number"),
        (["--speed", "nan"], "not a positive number"),
        (["--speed", "1e9"], "at most 10000"),
        (["--event", "x"], "--replay"),
        (["--what"], "unrecognized"),
    ],
)
def test_wrong_arguments_are_misuse(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    with pytest.raises(SystemExit) as caught:
        demo.main(arguments)
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_a_busy_port_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert demo.main(["--port", str(port), "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert re.fullmatch(rf"hladina: port {port} .*--port\n", said)


def test_another_exercise_in_the_folder_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    remember(tmp_path, Memory("flash", "", 1, (NOW,), NOW))
    port = str(free_port())
    assert demo.main(["--port", port, "--data", str(tmp_path), "--scenario", "calm"]) == 1
    assert "another exercise" in capsys.readouterr().err


@pytest.mark.timeout(120)
def test_from_gauge_to_console_feed_and_summary_and_nothing_is_left(open_folder: Path) -> None:
    data = open_folder / "demo"
    command = [sys.executable, "-m", "hladina", "demo", "--port", str(free_port()), "--speed", "150", "--for", "15"]
    done = subprocess.run([*command, "--data", str(data)], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert re.search(r"RAISED .*degree 0 -> \d", done.stdout)
    assert re.search(r"^SMS -> \+420\*+\d\d: ", done.stdout, re.MULTILINE)
    assert "/feed/exercise/cap/" in done.stdout
    assert int(re.findall(r"degrees raised +(\d+)", done.stdout)[0]) >= 1
    memory = recall(data)
    assert memory is not None
    assert memory.reached > memory.storms[0] + timedelta(minutes=20)
    time.sleep(0.5)
    assert left_over(str(data)) == []


def left_over(word: str) -> list[str]:
    """Command lines of living processes that name our folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if word in line:
            found.append(line)
    return found
