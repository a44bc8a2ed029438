"""The list of recipients from the command line, on a real database."""

import pytest

from alerting.notify.recipients import RecipientError, check, phone_number, run
from floodcore.store import contacts
from floodcore.store.connect import Pool
from tests.notify.conftest import Rig, settled

STATIONS = ("hradek", "liberec")


@pytest.mark.parametrize("text", ["+420600000001", "+420 600 000 001", "+420-600-000-001", "+420\u00a0600000001"])
def test_numbers_are_brought_to_one_form(text: str) -> None:
    assert phone_number(text) == "+420600000001"


@pytest.mark.parametrize(
    "text", ["", "600000001", "+0420600000001", "+42060", "+420600000001234567", "+42060000000x", "+４２０600000001"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(RecipientError, match="country code"):
        phone_number(text)


def test_a_resident_without_a_station_would_never_be_told() -> None:
    with pytest.raises(RecipientError, match="--station"):
        check("+420600000001", language="cs", role="resident", from_degree=1, stations=[], known=STATIONS)


async def test_add_list_subscribe_remove(database: str, pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    told = ["--expected-from-degree", "3", "--expected-probability", "0.7"]
    assert await run(["add", "+420 600 000 001", "--station", "hradek", "--language", "de"], database, STATIONS) == 0
    assert (
        await run(["add", "+420600000001", "--station", "hradek", "--language", "de", *told], database, STATIONS) == 0
    )
    assert await run(["add", "+420600000002", "--role", "officer"], database, STATIONS) == 0
    assert await run(["subscribe", "+420600000001", "liberec", "liberec"], database, STATIONS) == 0
    capsys.readouterr()
    assert await run(["list"], database) == 0
    assert capsys.readouterr().out.splitlines() == [
        "+420*******02  officer  cs  from degree 1  active",
        "+420*******01  resident  de  from degree 1, expected from 3 at 70%  active  hradek, liberec",
    ]
    assert await run(["remove", "+420600000001"], database) == 0
    assert await run(["remove", "+420600000001"], database) == 1
    async with pool.connection() as connection:
        assert [one.phone for one in await contacts.every(connection)] == ["+420600000002"]


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        ([], 2, "usage"),
        (["add", "123"], 2, "country code"),
        (["add", "+420600000001", "--language", "fr", "--station", "hradek"], 2, "cs, de, pl, en"),
        (["add", "+420600000001", "--role", "boss"], 2, "resident, officer"),
        (["add", "+420600000001", "--from-degree", "5", "--station", "hradek"], 2, "between 1 and 4"),
        (["add", "+420600000001", "--expected-from-degree", "0", "--station", "hradek"], 2, "between 1 and 4"),
        (["add", "+420600000001", "--expected-probability", "80", "--station", "hradek"], 2, "between 0 and 1"),
        (["add", "+420600000001", "--station", "hradk"], 2, "did you mean 'hradek'?"),
        (["subscribe", "+420600000001", "hradek"], 1, "add it first"),
        (["remove", "+420600000009"], 1, "+420*******09 is not a recipient"),
    ],
)
async def test_faults_are_told_in_one_line(
    database: str, capsys: pytest.CaptureFixture[str], argv: list[str], code: int, says: str
) -> None:
    assert await run(argv, database, STATIONS) == code
    said = capsys.readouterr().err
    assert says in said
    assert "Traceback" not in said


async def test_a_missing_database_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(["list"], "postgresql://nobody:secret@127.0.0.1:1/none") == 1
    said = capsys.readouterr().err
    assert "127.0.0.1:1/none" in said
    assert "secret" not in said


async def test_who_is_removed_gets_no_waiting_text_and_leaves_no_number(rig: Rig) -> None:
    first, second = await rig.people(2)
    await rig.announce(0, 1)
    from alerting.notify.expanding import expand_one  # noqa: PLC0415

    assert await expand_one(rig.house)
    assert await run(["remove", first], rig.house.settings.database_url) == 0
    async with rig.running():
        rows = await rig.until(settled)
    assert [(row["status"], row["phone"]) for row in rows] == [("expired", ""), ("accepted", second)]
    assert [message.to for message in rig.gateway.accepted] == [second]
