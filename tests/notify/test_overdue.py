"""An expectation that began while nobody could be told: told once, as it is now, if it still stands."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.foresee import foresee
from alerting.notify.expanding import expand_one
from alerting.notify.overdue import AGAIN, Present, Wait, present
from floodcore.quality.door import at_the_door
from floodcore.store.expecting import Expecting
from floodcore.store.foresight import LimitOutlook, Outlook, Said, Told
from floodcore.store.ingest import store
from floodcore.store.telling import Announced
from floodcore.words import Quantity, Reading
from tests.notify.conftest import NETWORK, Rig

NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
# Still water, a rise that makes 160 cm likely at 140 cm, and slows down: still likely at 150 cm, half an hour later.
LEVELS = [80.0, 81.0] * 8 + [86.0, 94.0, 106.0, 121.0, 133.0, 141.0, 146.0, 149.0, 151.0]
AFTER = timedelta(minutes=5)


def minutes(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def announced(ago: float = 80.0) -> Announced:
    at = minutes(-ago)
    return Announced(
        7, 0, at + timedelta(hours=1), "hradek", "level", "expected", at, 0, 1, "expected", 128.0, "rising", False
    )


def expecting(issued: float = -5.0, at: float = 30.0, latest: float = 90.0, *, warned: bool = True) -> Expecting:
    told = Told(1, minutes(-80), minutes(-80), "c", 0.9, 240, minutes(10), minutes(-10), minutes(20))
    limit = LimitOutlook(1, 160.0, (0.4, 0.6, 0.8, 0.9, 0.93), minutes(at), minutes(at - 10), minutes(latest), warned)
    outlook = Outlook((30, 60, 120, 180, 240), (30, 60, 120, 180), (limit,), (), True)
    return Expecting(told, outlook, minutes(issued), 150.0, minutes(issued), "rising")


SAID = Said(0.9, minutes(10), minutes(-10), minutes(20), overtaken=False)


def test_what_stands_is_told_with_the_value_the_time_and_the_chance_of_now() -> None:
    found = present(announced(), SAID, expecting(), STEP, NOW)
    assert isinstance(found, Present)
    assert (found.announced.at, found.announced.value) == (minutes(-5), 150.0)
    assert (found.said.probability, found.said.expected_at, found.valid_until) == (0.93, minutes(30), minutes(30))
    far = present(announced(), SAID, expecting(at=200.0, latest=260.0), STEP, NOW)
    assert isinstance(far, Present)
    assert far.valid_until == minutes(60)


@pytest.mark.parametrize(
    "stands",
    [expecting(issued=-22.0), expecting(warned=False), expecting(at=-1.0)],
    ids=["no forecast of now", "fading", "due by now"],
)
def test_what_may_stand_is_waited_with(stands: Expecting) -> None:
    assert present(announced(), SAID, stands, STEP, NOW) == Wait(NOW + AGAIN)


def test_what_is_past_is_not_told() -> None:
    assert present(announced(), SAID, None, STEP, NOW) is None
    assert present(announced(ago=361.0), SAID, expecting(), STEP, NOW) is None
    assert present(announced(), SAID, expecting(), STEP, minutes(91)) is None
    assert present(announced(), Said(0.9, NOW, NOW, NOW, overtaken=True), expecting(), STEP, NOW) is None
    ended = expecting()
    assert present(announced(), SAID, Expecting(None, ended.outlook, NOW, 1.0, NOW, "rising"), STEP, NOW) is None


async def live(rig: Rig, levels: Sequence[float], first: int, start: datetime) -> None:
    """What the collectors bring after an outage, judged and foreseen at once."""
    now = rig.house.clock.now()
    batch = [Reading("hradek", Quantity.LEVEL, start + (first + i) * STEP, v, v, "cm") for i, v in enumerate(levels)]
    async with rig.house.pool.connection() as conn:
        async with conn.transaction():
            await store(conn, at_the_door(batch, now), "test", now)
        await evaluate(conn, Rulebook(NETWORK), now, exercise=False)
        while (await foresee(conn, Rulebook(NETWORK), now, exercise=False)).claimed:
            pass


async def expand_all(rig: Rig) -> list[str]:
    while await expand_one(rig.house):
        pass
    return [str(row["body"]) for row in await rig.deliveries() if row["status"] == "due"]


async def events(rig: Rig) -> list[tuple[datetime, str, int]]:
    async with rig.house.pool.connection() as conn:
        cursor = await conn.execute("SELECT at, reason, to_degree FROM event WHERE kind = 'expected' ORDER BY event_id")
        return await cursor.fetchall()


async def test_after_an_outage_people_are_told_once_what_is_expected_now(rig: Rig) -> None:
    await rig.people(1, role="officer")
    start = rig.house.clock.now() - (len(LEVELS) - 1) * STEP - AFTER
    await live(rig, LEVELS, 0, start)
    decided = await events(rig)
    assert [(reason, degree) for _, reason, degree in decided] == [("expected", 1)]
    assert decided[0][0] < rig.house.clock.now() - timedelta(minutes=30), "too late to be told as it was"
    [body] = await expand_all(rig)
    assert "OCEKAVA SE" in body
    assert "ZPOZDENA" not in body
    assert "151 cm" in body
    assert await expand_all(rig) == [body]


async def test_it_waits_for_the_readings_of_now_and_is_given_up_when_it_no_longer_stands(rig: Rig) -> None:
    await rig.people(1, role="officer")
    start = rig.house.clock.now() - (len(LEVELS) + 5) * STEP
    await live(rig, LEVELS, 0, start)
    assert await expand_all(rig) == []
    async with rig.house.pool.connection() as conn:
        cursor = await conn.execute("SELECT count(*) FROM announcement WHERE channel = 'sms' AND done_at IS NULL")
        assert await cursor.fetchone() == (1,)
    await live(rig, [146.0, 138.0, 130.0, 122.0, 115.0, 109.0], len(LEVELS), start)
    assert [reason for _, reason, _ in await events(rig)][-1] == "withdrawn"
    rig.later(AGAIN)
    found = await expand_all(rig)
    assert all("UZ SE NEOCEKAVA" in body for body in found), "the end is told as before, the beginning no more"


async def test_it_is_told_as_soon_as_the_forecast_is_of_now(rig: Rig) -> None:
    await rig.people(1, role="officer")
    start = rig.house.clock.now() - (len(LEVELS) + 1) * STEP - AFTER
    await live(rig, LEVELS, 0, start)
    assert await expand_all(rig) == []
    await live(rig, [153.0, 155.0], len(LEVELS), start)
    assert await expand_all(rig) == [], "looked at again after a minute"
    rig.later(AGAIN)
    [body] = await expand_all(rig)
    assert "155 cm" in body
