"""Whom an expectation is told: officers at once, residents from their own degree and probability on."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from alerting.notify.expanding import expand_one
from tests.notify.conftest import Rig


async def expand_all(rig: Rig) -> None:
    while await expand_one(rig.house):
        pass


async def foretell(
    rig: Rig, was: int, becomes: int, *, chance: float | None = 0.85, reason: str = "expected", ago: float = 0.0
) -> int:
    """What the alerting room writes for an expectation; without a chance for its end."""
    number = await rig.announce(was, becomes, kind="expected", reason=reason, ago=timedelta(minutes=ago))
    soon = [datetime.now(UTC) + timedelta(minutes=m) if chance is not None else None for m in (60, 30, 120)]
    async with rig.house.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO expectation VALUES (%s, %s, 240, %s, %s, %s, 'test')", (number, chance, *soon)
        )
    return number


async def told(rig: Rig) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for row in await rig.deliveries():
        if row["error_code"] != "superseded":
            found.setdefault(int(str(row["event_id"])), set()).add(str(row["phone"]))
    return found


async def test_officers_first_residents_from_their_own_degree_and_probability(rig: Rig) -> None:
    [officer] = await rig.people(1, role="officer")
    resident, early, high = await rig.people(3)
    async with rig.house.pool.connection() as connection:
        await connection.execute(
            "UPDATE recipient SET expected_from_degree = 1, expected_probability = 0.5 WHERE phone = %s", (early,)
        )
        await connection.execute("UPDATE recipient SET from_degree = 3 WHERE phone = %s", (high,))
    wanted = {}
    for becomes, chance, who in (
        (1, 0.95, {officer, early}),
        (2, 0.79, {officer, early}),
        (2, 0.8, {officer, early, resident}),
        (3, 0.9, {officer, early, resident, high}),
    ):
        event = await foretell(rig, 0, becomes, chance=chance)
        await expand_all(rig)
        wanted[event] = who
        assert (await told(rig))[event] == who


async def test_what_becomes_of_it_is_told_to_those_who_were_told(rig: Rig) -> None:
    [officer] = await rig.people(1, role="officer")
    resident, low = await rig.people(2)
    async with rig.house.pool.connection() as connection:
        await connection.execute("UPDATE recipient SET expected_from_degree = 4 WHERE phone = %s", (low,))
    await foretell(rig, 0, 2)
    await expand_all(rig)
    changed = await foretell(rig, 2, 2, chance=0.55, reason="changed")
    await expand_all(rig)
    assert (await told(rig))[changed] == {officer, resident}
    ended = await foretell(rig, 2, 0, chance=None, reason="withdrawn")
    await expand_all(rig)
    found = await told(rig)
    assert found[ended] == {officer, resident}
    assert set(found) == {ended}, "of two texts the newer one is sent"


async def test_a_limit_reached_overtakes_the_expectation_of_it_and_not_of_a_higher_one(rig: Rig) -> None:
    await rig.people(1, role="officer")
    low, high = await foretell(rig, 0, 1), 0
    await expand_all(rig)
    reached = await rig.announce(0, 1)
    await expand_all(rig)
    assert set(await told(rig)) == {reached}
    high = await foretell(rig, 1, 2)
    await expand_all(rig)
    again = await rig.announce(0, 1)
    await expand_all(rig)
    assert {reached, high, again} >= set(await told(rig)) >= {high, again}
    late = await foretell(rig, 0, 1, ago=1.0)
    await expand_all(rig)
    assert late not in await told(rig), "reached by now"
    assert low not in await told(rig)


async def test_an_expectation_that_is_late_is_not_told_its_withdrawal_is(rig: Rig) -> None:
    await rig.people(1, role="officer")
    old = await foretell(rig, 0, 2, ago=40.0)
    await expand_all(rig)
    assert old not in await told(rig)
    ended = await foretell(rig, 2, 0, chance=None, reason="withdrawn", ago=35.0)
    await expand_all(rig)
    assert set(await told(rig)) == {ended}
    assert "ZPOZDENA ZPRAVA. UZ SE NEOCEKAVA" in str((await rig.deliveries())[-1]["body"])


@pytest.mark.parametrize("kind", ["declared", "hearsay"])
async def test_an_event_without_words_is_closed_and_the_operator_called(
    rig: Rig, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    await rig.people(1, role="officer")
    await rig.announce(0, 2, kind=kind)
    with caplog.at_level(logging.ERROR):
        await expand_all(rig)
    assert await rig.deliveries() == []
    assert f"no words for an event of kind '{kind}'" in caplog.text
    async with rig.house.pool.connection() as connection:
        cursor = await connection.execute("SELECT count(*) FROM announcement WHERE done_at IS NULL")
        assert await cursor.fetchone() == (0,)


async def test_a_new_time_of_what_nobody_heard_of_is_told_as_expected(rig: Rig) -> None:
    await rig.people(1, role="officer")
    await foretell(rig, 0, 2, ago=70.0)
    await expand_all(rig)
    await foretell(rig, 2, 2, reason="changed")
    await expand_all(rig)
    assert [str(row["body"]).startswith("OCEKAVA SE (") for row in await rig.deliveries()] == [True]
    await foretell(rig, 2, 2, reason="changed")
    await expand_all(rig)
    assert "OCEKAVA SE JINDY" in str((await rig.deliveries())[-1]["body"])
