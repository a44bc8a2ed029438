"""The watched folder on a real disk and a real database: whole files only, moved after the commit, never lost."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from collectors import drop
from collectors.doors import BODY_CAP
from collectors.files import inboxes
from collectors.mounted import Heard
from floodcore.house import House
from floodcore.store.connect import Pool

if TYPE_CHECKING:
    from tests.collectors.conftest import Houses

FIXTURES = Path(__file__).with_name("fixtures")
NOW = datetime.now(UTC)


def dta(value: str = "112,4") -> str:
    """A file of a logger, its newest row ten minutes ago."""
    at = f"{NOW + timedelta(hours=1, minutes=-10):%d.%m.%Y %H:%M:00}"  # UTC_Offset 1
    head = '<station>\n"Name"\t"Serial"\t"UTC_Offset"\nMost\t00123\t1\n\n<channels>\n"Channel"\t"Label"\t"Unit"\n'
    return f'{head}1\t"Hladina"\tcm\n\n<data>\n"Time"\t"Hladina"\n{at}\t{value}\n\n<binaries>\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("fiedler", "village"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def looking(houses: "Houses", folder: Path) -> Callable[..., Any]:
    """Looks into the folder at some seconds; gives how many files were moved."""
    house: House = houses(drop=folder)
    watched = drop.Watch(folder, inboxes(house.network))

    async def look(at_s: float) -> int:
        return await drop.one_round(house, watched, at_s)

    return look


async def rows(pool: Pool) -> list[tuple[str, float, str]]:
    async with pool.connection() as conn:
        statement = "SELECT station_id, value, source FROM observation JOIN series USING (series_id) ORDER BY value"
        return await (await conn.execute(statement)).fetchall()


async def reasons(pool: Pool) -> list[tuple[str, str]]:
    async with pool.connection() as conn:
        return await (await conn.execute("SELECT origin, reason FROM quarantine ORDER BY 1")).fetchall()


@pytest.mark.shows("outage", "fiedler", "export")
async def test_a_file_that_is_still_written_waits_and_one_that_is_whole_is_read_and_moved(
    folder: Path, looking: Any, pool: Pool
) -> None:
    path, text = folder / "fiedler" / "most.dta", dta()
    path.write_text(text[: len(text) // 2])
    assert await looking(0.0) == 0
    assert await looking(4.9) == 0
    assert await looking(60.0) == 0  # ends in the middle of a line: longer patience
    path.write_text(text)  # the upload went on
    assert await looking(61.0) == 0
    assert await looking(66.1) == 1
    assert await rows(pool) == [("logger", 112.4, "fiedler")]
    assert not path.exists()
    assert [each.name for each in (folder / "fiedler" / "done").rglob("*.dta")] == ["most.dta"]
    assert await looking(100.0) == 0


async def test_a_file_without_a_last_line_end_is_read_when_it_stays_so(folder: Path, looking: Any, pool: Pool) -> None:
    at = f"{(NOW - timedelta(minutes=10)).astimezone().strftime('%d.%m.%Y;%H:%M')}"
    text = f"Obec\nStanice;Datum;Cas;Hladina [cm];Srazky\nLVS-1;{at};80,0;0,0"
    (folder / "village" / "a.csv").write_text(text, encoding="cp1250")
    assert await looking(0.0) == 0
    assert await looking(119.0) == 0
    assert await looking(121.0) == 1
    assert len(await rows(pool)) == 2


async def test_what_cannot_be_read_is_refused_and_stops_nothing(folder: Path, looking: Any, pool: Pool) -> None:
    (folder / "fiedler" / "a.dta").write_text("nonsense\n")
    (folder / "fiedler" / "b.dta").write_text(dta())
    (folder / "fiedler" / "c.dta").write_bytes(b"x" * (BODY_CAP + 1))
    await looking(0.0)
    assert await looking(6.0) == 3
    assert [row[1] for row in await rows(pool)] == [112.4]
    assert sorted(each.name for each in (folder / "fiedler" / "refused").rglob("*.dta")) == ["a.dta", "c.dta"]
    assert [(origin, reason[:20]) for origin, reason in await reasons(pool)] == [
        ("a.dta", "no whole .dta file: "),
        ("b.dta", "1 faults, the first:"),  # it lacks a channel of the link
        ("c.dta", "the file is larger t"),
    ]


async def test_links_pipes_hidden_files_and_strangers_are_left_alone(folder: Path, looking: Any, pool: Pool) -> None:
    secret = folder / "secret"
    secret.write_text(dta())
    (folder / "fiedler" / "link.dta").symlink_to(secret)
    os.mkfifo(folder / "fiedler" / "pipe.dta")
    for name in (".hidden.dta", "most.dta.part", "most.filepart"):
        (folder / "fiedler" / name).write_text(dta())
    (folder / "nobody").mkdir()
    (folder / "nobody" / "a.dta").write_text(dta())
    await looking(0.0)
    assert await looking(1000.0) == 0
    assert await rows(pool) == []


async def test_a_database_that_does_not_take_it_leaves_the_file_where_it_is(
    folder: Path, looking: Any, pool: Pool
) -> None:
    path = folder / "fiedler" / "most.dta"
    path.write_text(dta())
    async with pool.connection() as conn:
        await conn.execute("ALTER TABLE dirty RENAME TO gone")
    await looking(0.0)
    with pytest.raises(psycopg.Error):
        await looking(6.0)
    assert path.exists()
    async with pool.connection() as conn:
        await conn.execute("ALTER TABLE gone RENAME TO dirty")
    assert await looking(10.0) == 1
    assert [row[1] for row in await rows(pool)] == [112.4]


async def test_dying_between_commit_and_move_repeats_and_harms_nothing(folder: Path, looking: Any, pool: Pool) -> None:
    path = folder / "fiedler" / "most.dta"
    path.write_text(dta())
    (folder / "fiedler" / "done").write_text("in the way\n")  # no folder can be made here: the move fails
    await looking(0.0)
    assert await looking(6.0) == 0
    assert path.exists()
    assert [row[1] for row in await rows(pool)] == [112.4]
    async with pool.connection() as conn:
        health = await (await conn.execute("SELECT fault FROM source_health WHERE source = 'drop'")).fetchone()
    assert health is not None
    assert "check that the house may" in health[0]
    (folder / "fiedler" / "done").unlink()
    await looking(7.0)
    assert await looking(13.0) == 1
    assert [row[1] for row in await rows(pool)] == [112.4]
    async with pool.connection() as conn:
        assert await (await conn.execute("SELECT * FROM contradiction")).fetchall() == []


async def test_one_file_that_cannot_be_moved_keeps_no_other_from_being_read(
    folder: Path, looking: Any, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = folder / "fiedler" / "a.dta", folder / "fiedler" / "b.dta"
    bad.write_text(dta())
    good.write_text(dta())
    opened = Path.open

    def closed_to_us(self: Path, *arguments: Any, **named: Any) -> Any:  # root may read everything: the system says no
        if self == bad:
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", closed_to_us)
    await looking(0.0)
    assert await looking(6.0) == 1
    assert bad.exists()
    assert not good.exists()
    assert [row[1] for row in await rows(pool)] == [112.4]
    async with pool.connection() as conn:
        health = await (await conn.execute("SELECT fault FROM source_health WHERE source = 'drop'")).fetchone()
    assert health is not None
    assert "a.dta: Permission denied: check that the house may" in health[0]


async def test_a_second_file_of_the_same_name_replaces_none(folder: Path, looking: Any, pool: Pool) -> None:
    for value in ("112,4", "113,0"):
        (folder / "fiedler" / "most.dta").write_text(dta(value))
        await looking(0.0)
        await looking(6.0)
    assert sorted(each.name for each in (folder / "fiedler" / "done").rglob("*")if each.is_file()) == [
        "most-2.dta", "most.dta",
    ]  # fmt: skip
    async with pool.connection() as conn:
        assert len(await (await conn.execute("SELECT * FROM contradiction")).fetchall()) == 1


async def test_what_grew_while_it_was_read_is_not_moved_and_read_again(
    folder: Path, houses: "Houses", pool: Pool
) -> None:
    house: House = houses(drop=folder)
    path, inbox = folder / "fiedler" / "most.dta", inboxes(house.network)["fiedler"]
    path.write_text(dta())

    def while_it_grows(body: bytes) -> Heard:
        if b"113,0" not in body:
            path.write_text(dta().replace("\n\n<binaries>", f"\n{later}\t113,0\n\n<binaries>"))
        return inbox.decode(body)

    later = f"{NOW + timedelta(hours=1, minutes=-1):%d.%m.%Y %H:%M:00}"
    watched = drop.Watch(folder, {"fiedler": replace(inbox, decode=while_it_grows)})
    assert [await drop.one_round(house, watched, at) for at in (0.0, 6.0, 7.0, 13.0)] == [0, 0, 0, 1]
    assert [row[1] for row in await rows(pool)] == [112.4, 113.0]
