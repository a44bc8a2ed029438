"""Event to stored bytes on a real PostgreSQL: once each, in order, by several bridges, refreshed in time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lxml import etree

from bridge_de.check import faults
from bridge_de.compose import Publisher
from bridge_de.publish import publish, publish_batch, publisher_of, refresh_batch
from floodcore.clock import Clock
from floodcore.house import House, Pool
from floodcore.store import notes, warnings
from floodcore.store.listen import EVENT
from floodcore.store.notes import NewNote
from floodcore.store.warnings import StoredMessage
from floodcore.supervision import Pulse
from floodcore.words import Cause, Language

Happen = Callable[..., Awaitable[int]]
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def stored(pool: Pool) -> list[StoredMessage]:
    async with pool.connection() as connection:
        return list(reversed(await warnings.in_force(connection, LONG_AGO, ["Actual", "Exercise"])))


async def drain(pool: Pool, speaker: Publisher) -> None:
    while await publish_batch(pool, speaker, Clock()):
        pass


def text(message: StoredMessage, name: str) -> str:
    return etree.fromstring(message.body).findtext(f"{CAP}{name}") or ""


async def test_one_message_for_each_event_and_the_announcement_closed(house: House, happen: Happen) -> None:
    pool, speaker = house.pool, publisher_of(house)
    await happen()
    await happen(from_degree=2, to_degree=3, value=170.0)
    await happen(from_degree=3, to_degree=0, value=60.0)
    await happen(station_id="660100", chain="foreign")
    await drain(pool, speaker)
    messages = await stored(pool)
    assert [text(message, "msgType") for message in messages] == ["Alert", "Update", "Update"]
    assert [len(text(message, "references").split()) for message in messages] == [0, 1, 2]
    assert [message.all_clear for message in messages] == [False, False, True]
    assert all(faults(message.body) == [] for message in messages)
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT channel, count(*), count(done_at) FROM announcement GROUP BY channel ORDER BY channel"
        )
        assert await cursor.fetchall() == [("cap", 4, 4), ("sms", 4, 0)]
        cursor = await connection.execute("SELECT bool_and(sha256 = sha256(body)) FROM cap_message")
        assert await cursor.fetchone() == (True,)


async def test_several_bridges_tell_every_chain_once_and_in_order(house: House, happen: Happen) -> None:
    pool, speaker = house.pool, publisher_of(house)
    start = datetime.now(UTC)
    for step in range(6):
        for chain in range(8):
            await happen(
                station_id=f"s{chain}",
                chain=f"chain {chain}",
                from_degree=step % 4,
                to_degree=(step + 1) % 4,
                at=start + timedelta(minutes=step),
            )

    async def work() -> None:
        for _ in range(40):
            await publish_batch(pool, speaker, Clock())
            await asyncio.sleep(0)

    await asyncio.gather(*(work() for _ in range(5)))
    messages = await stored(pool)
    assert len(messages) == 48
    for chain in range(8):
        mine = [message for message in messages if message.chain == f"chain {chain}"]
        assert [message.sent for message in mine] == sorted({message.sent for message in mine})
        triples = [",".join((text(m, "sender"), text(m, "identifier"), text(m, "sent"))) for m in mine]
        assert [text(m, "references").split() for m in mine] == [triples[:number] for number in range(6)]
        events = [int(message.identifier.rpartition(".")[2]) for message in mine]
        assert events == sorted(events)


async def test_a_younger_event_waits_for_the_older_one_of_its_chain(house: House, happen: Happen) -> None:
    first = await happen()
    await happen(from_degree=2, to_degree=3)
    other = await happen(chain="other", station_id="320000")
    async with house.pool.connection() as held, held.transaction():
        assert await warnings.claim(held, 1, house.clock.now()) == [first]
        async with house.pool.connection() as connection, connection.transaction():
            assert await warnings.claim(connection, 10, house.clock.now()) == [other]


async def test_a_holding_degree_is_told_anew_once_before_it_expires(house: House, happen: Happen) -> None:
    pool, speaker = house.pool, publisher_of(house)
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO series (station_id, quantity, unit) VALUES ('316000', 'level', 'cm')")
        await connection.execute("INSERT INTO rule_version VALUES ('r', '{}', now())")
        await connection.execute(
            """INSERT INTO series_state (series_id, rule_version, judged_until, lifecycle, degree, value, observed_at,
                trend, flag, test, updated_at)
            VALUES (1, 'r', now(), '{}', 2, 144, now() + interval '3 hours', 'steady', 1, '', now())"""
        )
    await happen(series_id=1)
    await happen(chain="over", station_id="320000", from_degree=0, to_degree=1)
    await drain(pool, speaker)
    await happen(chain="over", station_id="320000", from_degree=1, to_degree=0)
    await drain(pool, speaker)
    now = datetime.now(UTC)
    early, late = Clock(now + timedelta(hours=3), now), Clock(now + timedelta(hours=5), now)
    assert await refresh_batch(pool, speaker, early) == 0
    made = await asyncio.gather(*(refresh_batch(pool, speaker, late) for _ in range(3)))
    assert sum(made) == 1, "one refresh, however many bridges; none for what is over"
    assert await refresh_batch(pool, speaker, late) == 0
    last = (await stored(pool))[-1]
    assert faults(last.body) == []
    assert last.identifier.endswith(".r1")
    assert last.headline_cs == "Trvá limit 2. SPA (pohotovost): 144 cm, Liberec, Lužická Nisa"
    assert len(text(last, "references").split()) == 1


async def test_a_degree_that_outlasted_a_dead_house_is_told_anew(house: House, happen: Happen) -> None:
    """All bridges were away until the last message had expired: a feed without it would look calm."""
    pool, speaker = house.pool, publisher_of(house)
    await happen()
    await happen(chain="over", station_id="320000", from_degree=0, to_degree=1)
    await happen(chain="ended unsaid", station_id="660100", from_degree=0, to_degree=1)
    await drain(pool, speaker)
    await happen(chain="over", station_id="320000", from_degree=1, to_degree=0)
    await drain(pool, speaker)
    now = datetime.now(UTC)
    next_day = Clock(now + timedelta(hours=20), now)
    async with pool.connection() as connection:
        assert await warnings.in_force(connection, next_day.now(), ["Actual"]) == []
    assert await refresh_batch(pool, speaker, next_day) == 1
    assert await refresh_batch(pool, speaker, next_day) == 0
    async with pool.connection() as connection:
        (told,) = await warnings.in_force(connection, next_day.now(), ["Actual"])
    assert told.chain == "316000:level:1"
    assert faults(told.body) == []
    assert len(text(told, "references").split()) == 1, "the chain does not break"


async def test_the_stage_wakes_on_notify(house: House, happen: Happen) -> None:
    pulse = Pulse("bridge.publish", Clock())
    task = asyncio.create_task(publish(house, pulse))
    try:
        while pulse.beaten_at is None:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        began = asyncio.get_running_loop().time()
        await happen()
        async with house.pool.connection() as connection:
            await connection.execute(f"NOTIFY {EVENT}")
        while not await stored(house.pool):
            await asyncio.sleep(0.005)
        assert asyncio.get_running_loop().time() - began < 0.6, "the poll alone would take up to a second"
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_poisoned_event_does_not_stop_the_next(house: House, happen: Happen) -> None:
    speaker = replace(publisher_of(house), public_url="no address at all")
    await happen(chain="x <&> ž")
    await happen(station_id="bare", chain="bare", to_degree=4, value=None)
    await drain(house.pool, speaker)
    assert len(await stored(house.pool)) == 2


async def foretell(pool: Pool, happen: Happen, at: datetime, **changes: object) -> int:
    """What is expected, as the alerting room writes it."""
    number = await happen(kind="expected", reason="expected", at=at, value=98.0, **changes)
    soon = [at + timedelta(minutes=m) for m in (70, 20, 160)]
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO expectation VALUES (%s, 0.8, 180, %s, %s, %s, '3')", (number, *soon))
    return number


async def withdraw(pool: Pool, happen: Happen, at: datetime, **changes: object) -> int:
    """What is not expected any more."""
    number = await happen(kind="expected", reason="withdrawn", at=at, **changes)
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO expectation (event_id, model) VALUES (%s, '3')", (number,))
    return number


async def test_what_is_expected_and_then_reached_is_one_story(house: House, happen: Happen) -> None:
    pool, speaker, now = house.pool, publisher_of(house), datetime.now(UTC)
    await foretell(pool, happen, now - timedelta(minutes=40), to_degree=1, chain="x-expected")
    await drain(pool, speaker)
    await happen(at=now - timedelta(minutes=20), to_degree=1, chain="x")
    await foretell(pool, happen, now - timedelta(minutes=10), from_degree=1, to_degree=2, chain="x")
    await drain(pool, speaker)
    await happen(at=now, from_degree=1, to_degree=2, chain="x")
    await happen(at=now, from_degree=2, to_degree=0, chain="x")
    await foretell(pool, happen, now + timedelta(minutes=1), to_degree=1, chain="y-expected")
    await drain(pool, speaker)
    messages = await stored(pool)
    assert [message.chain for message in messages] == ["x-expected"] * 5 + ["y-expected"]
    assert [text(message, "msgType") for message in messages] == ["Alert", *["Update"] * 4, "Alert"]
    assert [len(text(message, "references").split()) for message in messages] == [0, 1, 2, 3, 4, 0]
    assert {text(message, "incidents") for message in messages[:5]} == {"x-expected"}
    assert all(faults(message.body) == [] for message in messages)


async def test_expectations_that_are_past_overtaken_or_never_told_are_settled_without_a_message(
    house: House, happen: Happen
) -> None:
    pool, speaker, now = house.pool, publisher_of(house), datetime.now(UTC)
    await foretell(pool, happen, now - timedelta(hours=4), to_degree=1, chain="past")
    await foretell(pool, happen, now - timedelta(minutes=9), to_degree=2, chain="late", station_id="320000")
    await happen(at=now, to_degree=2, chain="came", station_id="320000")
    await withdraw(pool, happen, now, from_degree=2, to_degree=0, chain="past")
    await drain(pool, speaker)
    assert [message.chain for message in await stored(pool)] == ["came"]


async def test_a_withdrawal_ends_the_story_and_a_forecast_is_not_told_anew(house: House, happen: Happen) -> None:
    pool, speaker, now = house.pool, publisher_of(house), datetime.now(UTC)
    await foretell(pool, happen, now - timedelta(minutes=40), to_degree=2, chain="x-expected")
    await foretell(pool, happen, now, to_degree=2, chain="alone", station_id="320000")
    await withdraw(pool, happen, now, from_degree=2, to_degree=0, chain="x-expected")
    await drain(pool, speaker)
    *_, last = [message for message in await stored(pool) if message.chain == "x-expected"]
    assert (last.all_clear, text(last, "msgType")) == (True, "Update")
    late = Clock(now + timedelta(hours=3), datetime.now(UTC))
    assert await refresh_batch(pool, speaker, late) == 0
    await happen(at=now - timedelta(minutes=1), to_degree=1, chain="below", station_id="s")
    await foretell(pool, happen, now, from_degree=1, to_degree=2, chain="below", station_id="s")
    await drain(pool, speaker)
    assert await refresh_batch(pool, speaker, Clock(now + timedelta(hours=5), datetime.now(UTC))) == 1
    assert (await stored(pool))[-1].headline_cs.startswith("Trvá limit 1. SPA"), "what is reached still holds"


async def test_a_message_carries_the_notes_in_force_and_its_refresh_those_of_then(house: House, happen: Happen) -> None:
    pool, speaker, now = house.pool, publisher_of(house), Clock().now()

    async def report(cause: Cause, text_of_it: str, station: str = "316000") -> int:
        async with pool.connection() as connection:
            new = NewNote(station, cause, now - timedelta(hours=1), None, "povodí", {Language.CS: text_of_it})
            return await notes.add(connection, new, now)

    await report(Cause.ICE, "jinde", "320000")
    await report(Cause.RELEASE, "Harcov odpouští")
    await happen()
    await drain(pool, speaker)
    await report(Cause.BACKWATER, "Nisa vzdouvá")
    await refresh_batch(pool, speaker, Clock(now + timedelta(hours=5), now))
    first, second = [etree.fromstring(message.body).findtext(f"{CAP}info/{CAP}description") or ""
                     for message in await stored(pool)]  # fmt: skip
    assert "Harcov odpouští" in first
    assert "jinde" not in first
    assert second.index("Nisa vzdouvá") < second.index("Harcov odpouští")
