"""What was held back and is not warned of at its proof waits, as its text does, and holds up nothing (ADR 0029)."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from psycopg import AsyncConnection

from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.vouch import look
from floodcore.store import notes, warnings
from floodcore.store.connect import Pool
from floodcore.store.notes import NewNote
from floodcore.texts import Texts
from floodcore.words import Cause, Language
from tests.bridge.test_expected_below import CALM, Living
from tests.engine.test_foresee import COUPLED, STEP, T0, bring, readings
from tests.rows import rows

SECOND = timedelta(seconds=1)
OPEN = """
    SELECT FROM announcement JOIN event USING (event_id)
    WHERE station_id = 'A' AND channel = 'cap' AND done_at IS NULL"""


async def warn(conn: AsyncConnection, *, on: bool) -> None:
    """The newest forecast of A warns, or does not; what people are told stands."""
    before, after = ("false", "true") if on else ("true", "false")
    await conn.execute(
        "UPDATE foresight SET outlook = replace(outlook::text, %s, %s)::jsonb WHERE series_id ="
        " (SELECT series_id FROM series WHERE station_id = 'A')",
        (f'"warned": {before}', f'"warned": {after}'),
    )


@pytest.fixture
async def living(pool: Pool, texts: Texts) -> Living:
    """A limit is expected at A below a leap at U that is not proved."""
    found = Living(pool, texts)
    await found.live({"A": [value + 30 for value in CALM], "U": CALM, "V": CALM})
    below, above = [71.0 + 0.4 * i for i in range(12)], [460.0 + i % 2 for i in range(12)]
    await found.live({"A": below, "U": above, "V": CALM[:12]})
    return found


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[AsyncConnection]:
    async with pool.connection() as found:
        await found.set_autocommit(True)
        yield found


async def proved(living: Living, conn: AsyncConnection) -> datetime:
    """U is proved, while the newest forecast of A does not warn."""
    now = T0 + living.step * STEP
    await warn(conn, on=False)
    async with conn.transaction():
        await notes.add(conn, NewNote("U", Cause.NATURAL, now, None, "officer", {Language.CS: "voda"}), now)
    assert await look(conn, Rulebook(COUPLED), now, exercise=False) == 1
    await living.publish(now)
    assert await living.said("A") == []
    return now


async def test_what_is_not_warned_of_at_its_proof_is_told_when_it_is_again(
    living: Living, conn: AsyncConnection
) -> None:
    now = await proved(living, conn)
    await living.publish(now + 61 * SECOND)
    assert await living.said("A") == []
    assert len(await rows(conn, OPEN)) == 1, "it waits"
    assert (await warnings.times(conn, ["Actual"])).waiting_since is None, "nothing has failed"
    await warn(conn, on=True)
    await living.publish(now + 90 * SECOND)
    assert await living.said("A") == [], "looked at once a minute"
    await living.publish(now + 122 * SECOND)
    assert await living.said("A") == ["CZ-SPA-EXPECTED=1"]
    assert await rows(conn, OPEN) == []


async def test_what_is_reached_meanwhile_does_not_wait_behind_it(living: Living, conn: AsyncConnection) -> None:
    now = await proved(living, conn)
    await bring(conn, readings("A", [84.0], now + SECOND), now + SECOND)
    await evaluate(conn, Rulebook(COUPLED), now + SECOND, exercise=False)
    await living.publish(now + 30 * SECOND)
    assert await living.said("A") == ["CZ-SPA=1"]
    await warn(conn, on=True)
    await living.publish(now + 122 * SECOND)
    assert await living.said("A") == ["CZ-SPA=1"], "it has come"
    assert await rows(conn, OPEN) == []


async def test_what_faded_without_being_warned_of_again_is_never_told(living: Living, conn: AsyncConnection) -> None:
    now = await proved(living, conn)
    await conn.execute("UPDATE foresight SET degree = NULL")
    await living.publish(now + 61 * SECOND)
    assert await living.said("A") == []
    assert await rows(conn, OPEN) == []
