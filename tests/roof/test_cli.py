"""The command line as a person meets it: help, exit codes, one clear line for a fault of the world."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from floodcore.killpoint import KILL_POINTS
from hladina.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]


def hladina(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command in a process of its own with nothing of ours in its environment but `environment`."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HLADINA_")}
    return subprocess.run(
        [sys.executable, "-m", "hladina", *arguments],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help_and_refuses_nonsense(command: str) -> None:
    helped = hladina(command, "--help")
    assert helped.returncode == 0
    assert "usage:" in helped.stdout
    wrong = hladina(command, "--no-such-option")
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr


def test_an_unknown_command_names_the_known_ones() -> None:
    done = hladina("fly")
    assert done.returncode == 2
    assert "hindcast" in done.stderr


def test_all_wrong_settings_are_told_at_once() -> None:
    done = hladina("run", HLADINA_PORT="x", HLADINA_MQTT_URL="http://wrong", HLADINA_KILL_AT=f"{KILL_POINTS[0]}:0")
    assert done.returncode == 2
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == [
        "HLADINA_MQTT_URL",
        "HLADINA_PORT",
        "HLADINA_KILL_AT",
    ]


@pytest.mark.parametrize("arguments", [("run",), ("db", "status"), ("db", "upgrade"), ("flood-book", "verify")])
def test_a_missing_database_is_one_line_and_exit_1(arguments: tuple[str, ...]) -> None:
    done = hladina(*arguments, HLADINA_DATABASE_URL="postgresql://u:secret@127.0.0.1:9/x")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "secret" not in done.stderr


def test_the_database_is_upgraded_and_says_so(database: str) -> None:
    status = hladina("db", "status", HLADINA_DATABASE_URL=database)
    assert (status.returncode, "pending   nothing" in status.stdout) == (0, True)
    assert hladina("db", "upgrade", HLADINA_DATABASE_URL=database).returncode == 0
    assert hladina("db", "maintain", HLADINA_DATABASE_URL=database).returncode == 0


def test_a_backup_can_be_restored_into_an_empty_database(database: str, tmp_path: Path) -> None:
    file = tmp_path / "house.backup"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO recipient (phone, language, role) VALUES ('+420600000009', 'cs', 'officer')")
        connection.execute("CREATE DATABASE restored")
    try:
        assert hladina("db", "backup", str(file), HLADINA_DATABASE_URL=database).returncode == 0
        empty = database.rpartition("/")[0] + "/restored"
        restored = hladina("db", "restore", str(file), HLADINA_DATABASE_URL=empty)
        assert restored.returncode == 0, restored.stderr
        with psycopg.connect(empty) as connection:
            assert connection.execute("SELECT phone FROM recipient").fetchall() == [("+420600000009",)]
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("DROP DATABASE restored WITH (FORCE)")


def test_recipients_are_added_listed_and_checked(database: str) -> None:
    add = ("recipients", "add", "+420600000001", "--language", "de", "--station", "320000")
    done = hladina(*add, HLADINA_DATABASE_URL=database)
    assert done.returncode == 0, done.stderr
    assert "+420" in hladina("recipients", "list", HLADINA_DATABASE_URL=database).stdout
    assert hladina("recipients", "add", "12", "--language", "de", HLADINA_DATABASE_URL=database).returncode == 2


def test_a_tampered_flood_book_is_found(database: str) -> None:
    assert hladina("flood-book", "verify", HLADINA_DATABASE_URL=database).returncode == 0
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO flood_book (number, at, kind, entry, previous, hash, recorded_at)"
            " VALUES (1, now(), 'reached', '{}', sha256(''), sha256(''), now())"
        )
    done = hladina("flood-book", "verify", HLADINA_DATABASE_URL=database)
    assert done.returncode == 1
    assert "entry 1" in done.stdout


def test_check_names_file_and_line(tmp_path: Path) -> None:
    assert hladina("check").returncode == 0
    assert hladina("check", str(tmp_path / "absent")).returncode == 2
    empty = hladina("check", str(tmp_path))
    assert empty.returncode == 1
    assert "rivers.yaml" in empty.stdout


def test_check_knows_the_sensors_and_what_they_need(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "station_configs", tmp_path / "net", symlinks=False))
    file = folder / "stations" / "demo.yaml"
    text = file.read_text("utf-8")
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "zero_cm: 450" in row)
    file.write_text(text.replace("sensor: dragino_ldds, zero_cm: 450", "sensor: dragino_lds, zero_cm: 450", 1), "utf-8")
    wrong = hladina("check", str(folder))
    assert wrong.returncode == 1
    assert f"stations/demo.yaml:{line}: LK-DEMO-01: there is no sensor 'dragino_lds'; did you mean" in wrong.stdout
    file.write_text(text.replace("sensor: dragino_ldds, zero_cm: 450", "sensor: decentlab_ctd10", 1), "utf-8")
    assert (
        f"stations/demo.yaml:{line}: LK-DEMO-01: the sensor decentlab_ctd10 needs probe_cm"
        in hladina("check", str(folder)).stdout
    )


def test_status_of_no_house_is_one_line() -> None:
    done = hladina("status", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
