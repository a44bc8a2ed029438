"""`hladina note`: what is taken, what is refused, and a note from its writing to its end."""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from floodcore.words import Cause, Language
from hladina.commands.note import NoteError, moment, texts_of, written
from tests.roof.test_cli import hladina

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def line(**changed: object) -> argparse.Namespace:
    fields: dict[str, object] = {
        "station": "320000",
        "cause": "works",
        "valid_from": None,
        "until": "2026-06-02T08:30+02:00",
        "author": "dispečink",
        "text": ["cs=Oprava jezu", "de=Wehrarbeiten"],
    }
    return argparse.Namespace(**(fields | changed))


def test_a_note_begins_now_and_its_times_are_utc() -> None:
    new = written(line(), {"320000"}, NOW)
    assert (new.cause, new.valid_from) == (Cause.WORKS, NOW)
    assert new.valid_until == datetime(2026, 6, 2, 6, 30, tzinfo=UTC)
    assert new.valid_until.utcoffset() == timedelta(0)
    assert new.texts == {Language.CS: "Oprava jezu", Language.DE: "Wehrarbeiten"}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"station": "32000"}, "did you mean '320000'"),
        ({"until": "2026-06-01T12:00+00:00"}, "later than"),
        ({"until": "tomorrow"}, "not a moment"),
        ({"valid_from": "2026-06-01T08:00"}, "with its zone"),
        ({"author": " "}, "--author"),
        ({"author": "x\ny"}, "--author"),
        ({"text": []}, "say what is the case"),
        ({"text": ["Oprava"]}, "not of the form"),
        ({"text": ["fr=Travaux"]}, "not of the form"),
        ({"text": ["cs=a", "cs=b"]}, "two texts in cs"),
        ({"text": ["cs=" + "a" * 301]}, "longer than"),
        ({"text": ["cs=a\x00b"]}, "plain line"),
    ],
)
def test_a_fault_is_named(changed: dict[str, object], fault: str) -> None:
    with pytest.raises(NoteError, match=fault):
        written(line(**changed), {"320000"}, NOW)


def test_the_pieces_alone() -> None:
    assert moment("2026-06-01T12:00:00Z") == NOW
    assert texts_of(["en= Ice = jam "]) == {Language.EN: "Ice = jam"}


def test_a_database_that_is_not_set_up_is_one_line(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP TABLE note")
    done = hladina("note", "list", HLADINA_DATABASE_URL=database)
    assert (done.returncode, done.stderr) == (1, "note: the database is not set up: run 'hladina db upgrade'\n")


def test_a_fault_in_the_station_files_is_told_and_keeps_no_note_alive(database: str, tmp_path: Path) -> None:
    broken = {"HLADINA_DATABASE_URL": database, "HLADINA_STATIONS": str(tmp_path)}
    assert hladina("note", "list", **broken).stdout == "no notes\n"
    added = hladina("note", "add", "320000", "ice", "--author", "x", "--text", "cs=x", **broken)
    assert added.returncode == 2
    assert "rivers.yaml" in added.stderr
    assert "Traceback" not in added.stderr


def test_a_note_is_written_listed_and_ended(database: str) -> None:
    def note(*words: str) -> tuple[int, str]:
        done = hladina("note", *words, HLADINA_DATABASE_URL=database)
        return done.returncode, done.stdout + done.stderr

    assert note("add", "320000", "release", "--author", "povodí", "--text", "cs=Harcov odpouští") == (
        0,
        "note 1 at 320000\n",
    )
    code, listed = note("list")
    assert code == 0
    assert "release" in listed
    assert "cs: Harcov odpouští" in listed
    assert note("end", "1", "--author", "povodí") == (0, "note 1 at 320000 ended\n")
    assert note("list") == (0, "no notes\n")
    assert note("end", "1", "--author", "povodí")[0] == 1
    assert note("list", "--all")[1].count("\n") == 2
