"""What is expected of a rise that is not proved is kept from residents, here and below, until it is (ADR 0020)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerting.notify.expanding import expand_one
from floodcore.clock import Clock
from floodcore.house import House
from floodcore.settings import Settings
from floodcore.store import contacts
from floodcore.store.connect import Pool
from floodcore.store.contacts import NewRecipient
from floodcore.supervision import Supervisor
from floodcore.texts import Texts
from tests.engine.test_foresee import COUPLED, STEP, T0, bring, readings, run

RESIDENT, OFFICER = "+420600000001", "+420600900001"
CALM = [40.0 + i % 2 for i in range(24)]


class Living:
    """A house that lives through readings of gauges, telling after each what there is to tell."""

    def __init__(self, pool: Pool, texts: Texts, folder: Path, database: str) -> None:
        self.pool, self.texts, self.settings = pool, texts, Settings(database, folder)
        self.step = 0

    async def people(self, sure: float = 0.75) -> None:
        async with self.pool.connection() as conn:
            await contacts.add(conn, NewRecipient(RESIDENT, "cs", "resident", 1, ("A",), 1, sure))
            await contacts.add(conn, NewRecipient(OFFICER, "cs", "officer", 1, ()))

    async def live(self, levels: Mapping[str, Sequence[float]]) -> None:
        """One reading of each gauge every ten minutes."""
        async with self.pool.connection() as conn:
            await conn.set_autocommit(True)
            for at in range(len(next(iter(levels.values())))):
                now = T0 + self.step * STEP
                await bring(conn, [readings(name, [some[at]], now)[0] for name, some in levels.items()], now)
                await run(conn, now, COUPLED)
                clock = Clock(now, datetime.now(UTC))
                house = House(replace(self.settings, clock=clock), self.pool, COUPLED, self.texts, Supervisor(clock))
                while await expand_one(house):
                    pass
                self.step += 1

    async def told(self, phone: str) -> list[tuple[int, str, int]]:
        """What `phone` was told of A: the step of the event, its kind and degree."""
        async with self.pool.connection() as conn:
            cursor = await conn.execute(
                "SELECT phone, e.at, kind, to_degree FROM delivery JOIN event e USING (event_id)"
                " WHERE e.station_id = 'A' ORDER BY delivery_id"
            )
            found = await cursor.fetchall()
        return [(round((at - T0) / STEP), kind, degree) for who, at, kind, degree in found if who == phone]


@pytest.fixture
async def living(pool: Pool, texts: Texts, tmp_path: Path, database: str) -> Living:
    found = Living(pool, texts, tmp_path, database)
    await found.people()
    return found


async def test_after_the_proof_residents_are_told_what_was_expected_meanwhile(living: Living) -> None:
    await living.people(sure=0.1)  # a leap looks steeper than what the next reading leaves of it
    await living.live({"A": CALM, "U": CALM, "V": CALM})
    await living.live({"A": [100.0, 101.0], "U": [40.0, 41.0], "V": [40.0, 41.0]})
    assert await living.told(RESIDENT) == []
    held = await living.told(OFFICER)
    assert sorted(held) == [(25, "expected", 3), (25, "reached", 1)]
    await living.live({"A": [109.0, 118.0], "U": [40.0, 41.0], "V": [40.0, 41.0]})
    rest = [(26, "proved", 1), (27, "reached", 2)]
    assert sorted(await living.told(RESIDENT)) == [(25, "expected", 3), *rest]
    assert await living.told(OFFICER) == [*held, *rest], "nothing twice"


async def test_what_is_expected_of_a_leap_that_is_undone_residents_never_hear(living: Living) -> None:
    await living.people(sure=0.1)
    await living.live({"A": CALM, "U": CALM, "V": CALM})
    await living.live({"A": [100.0, 101.0, 100.0, *CALM], "U": CALM + CALM[:3], "V": CALM + CALM[:3]})
    assert await living.told(RESIDENT) == []
    assert {kind for _, kind, _ in await living.told(OFFICER)} == {"expected", "reached"}


async def test_what_a_leap_above_makes_expected_below_is_for_officers_until_it_is_proved(living: Living) -> None:
    await living.live({"A": [value + 30 for value in CALM], "U": CALM, "V": CALM})
    below, above = [71.0 + 0.4 * i for i in range(12)], [460.0 + i % 2 for i in range(12)]
    await living.live({"A": below, "U": above, "V": CALM[:12]})
    assert await living.told(RESIDENT) == []
    held = await living.told(OFFICER)
    assert {kind for _, kind, _ in held} == {"expected"}
    await living.live({"A": [76.0, 76.5, 77.0], "U": [490.0, 530.0, 570.0], "V": CALM[:3]})
    told = await living.told(OFFICER)
    assert await living.told(RESIDENT) == told[-1:], "the one that stands, as it was or as it changed with the proof"
    assert (told[: len(held)], len(set(told))) == (held, len(told)), "nothing twice"
