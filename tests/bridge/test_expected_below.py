"""What is expected below a rise that is not proved is no message to partners until it is (ADR 0029): one story."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from lxml import etree

from alerting.engine.rulebook import Rulebook
from alerting.vouch import look
from bridge_de.compose import Publisher
from bridge_de.publish import publish_batch
from floodcore.clock import Clock
from floodcore.store import notes
from floodcore.store.connect import Pool
from floodcore.store.notes import NewNote
from floodcore.texts import Texts
from floodcore.words import Cause, Language
from tests.engine.test_foresee import COUPLED, STEP, T0, bring, readings, run

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
CALM = [40.0 + i % 2 for i in range(24)]


class Living:
    """A house that lives through readings of gauges, publishing after each what there is to publish."""

    def __init__(self, pool: Pool, texts: Texts) -> None:
        self.pool, self.speaker = pool, Publisher("http://localhost", False, COUPLED, texts)
        self.step = 0

    async def live(self, levels: Mapping[str, Sequence[float]]) -> None:
        """One reading of each gauge every ten minutes."""
        async with self.pool.connection() as conn:
            await conn.set_autocommit(True)
            for at in range(len(next(iter(levels.values())))):
                now = T0 + self.step * STEP
                await bring(conn, [readings(name, [some[at]], now)[0] for name, some in levels.items()], now)
                await run(conn, now, COUPLED)
                await self.publish(now)
                self.step += 1

    async def publish(self, now: datetime) -> None:
        while await publish_batch(self.pool, self.speaker, Clock(now, datetime.now(UTC))):
            pass

    async def said(self, name: str) -> list[str]:
        """The event codes of each message about a gauge, oldest first."""
        async with self.pool.connection() as conn:
            cursor = await conn.execute(
                "SELECT body FROM cap_message JOIN event USING (event_id) WHERE station_id = %s ORDER BY cap_id",
                (name,),
            )
            bodies = [bytes(body) for (body,) in await cursor.fetchall()]
        return [codes(body) for body in bodies]


def codes(body: bytes) -> str:
    info = etree.fromstring(body).find(f"{CAP}info")
    assert info is not None
    found = {code.findtext(f"{CAP}valueName"): code.findtext(f"{CAP}value") for code in info.iter(f"{CAP}eventCode")}
    return " ".join(f"{name}={value}" for name, value in sorted(found.items()) if name and name.startswith("CZ"))


async def test_what_a_leap_above_makes_expected_below_is_told_with_its_proof(pool: Pool, texts: Texts) -> None:
    living = Living(pool, texts)
    await living.live({"A": [value + 30 for value in CALM], "U": CALM, "V": CALM})
    below, above = [71.0 + 0.4 * i for i in range(12)], [460.0 + i % 2 for i in range(12)]
    await living.live({"A": below, "U": above, "V": CALM[:12]})
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT degree FROM foresight JOIN series USING (series_id) WHERE station_id = 'A'")
        assert await cursor.fetchall() == [(1,)], "it is expected"
    assert await living.said("A") == []
    await living.live({"A": [76.0, 76.5], "U": [530.0, 570.0], "V": CALM[:2]})
    assert set(await living.said("A")) == {"CZ-SPA-EXPECTED=1"}


async def test_whoever_proves_it(pool: Pool, texts: Texts) -> None:
    living = Living(pool, texts)
    await living.live({"A": [value + 30 for value in CALM], "U": CALM, "V": CALM})
    below, above = [71.0 + 0.4 * i for i in range(12)], [460.0 + i % 2 for i in range(12)]
    await living.live({"A": below, "U": above, "V": CALM[:12]})
    now = T0 + living.step * STEP
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        async with conn.transaction():
            await notes.add(conn, NewNote("U", Cause.NATURAL, now, None, "officer", {Language.CS: "voda"}), now)
        assert await look(conn, Rulebook(COUPLED), now, exercise=False) == 1
    await living.publish(now)
    assert await living.said("A") == ["CZ-SPA-EXPECTED=1"]
    await living.publish(now + timedelta(minutes=1))
    assert len(await living.said("A")) == 1, "once"


async def test_a_limit_reached_below_says_nothing_of_what_is_expected_further(pool: Pool, texts: Texts) -> None:
    living = Living(pool, texts)
    await living.live({"A": [value + 30 for value in CALM], "U": CALM, "V": CALM})
    below, above = [71.0 + 2 * i for i in range(10)], [460.0 + i % 2 for i in range(10)]
    await living.live({"A": below, "U": above, "V": CALM[:10]})
    assert set(await living.said("A")) == {"CZ-SPA=1"}
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT body FROM cap_message JOIN event USING (event_id) WHERE station_id = 'A' ORDER BY cap_id"
        )
        for (body,) in await cursor.fetchall():
            assert b"forecastDegree" not in bytes(body)


async def test_what_stands_by_itself_is_told_when_the_leap_above_is_undone(pool: Pool, texts: Texts) -> None:
    living = Living(pool, texts)
    await living.live({"A": [value + 30 for value in CALM], "U": CALM, "V": CALM})
    # A rises by itself; its gauge above stood wrong for an hour and is put right.
    below = [71.0, 71.3, 71.7, 72.2, 72.8, 73.5, 74.3, 75.0, 75.8, 76.6, 77.4, 78.2]
    above = [460.0, 461.0, 460.0, *CALM[:9]]
    await living.live({"A": below[:8], "U": above[:8], "V": CALM[:8]})
    assert await living.said("A") == []
    await living.live({"A": below[8:], "U": above[8:], "V": CALM[8:12]})
    assert await living.said("A") == ["CZ-SPA-EXPECTED=1"]
