"""A rise that is not proved goes to partners at once as possible and says so; its proof is an update, as observed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lxml import etree

from bridge_de.check import faults
from bridge_de.compose import Publisher, compose_plain
from bridge_de.publish import publish_batch, write
from bridge_de.render import render
from bridge_de.told import concerns_us, telling
from floodcore.clock import Clock
from floodcore.store import warnings
from floodcore.store.connect import Pool
from tests.bridge.conftest import START, Happen, told
from tests.bridge.test_compose import remember

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


def values(body: bytes, tag: str) -> list[str]:
    return [str(node.text) for node in etree.fromstring(body).iter(f"{CAP}{tag}")]


def test_possible_then_observed(speaker: Publisher, structure: Callable[[bytes], list[str]]) -> None:
    leap = replace(told(), unproved=True)
    first = telling(leap, [], START)
    alert, body = write(first, speaker)
    assert (structure(body), faults(body)) == ([], [])
    assert len(values(body, "valueName")) > 2 * 8, "in full, not the plain form"
    assert "85/125/160 cm" in values(body, "value")
    assert values(body, "certainty") == ["Possible", "Possible"]
    assert [text.split(":")[0] for text in values(body, "headline")] == ["Neověřeno", "Ungeprüft"]
    assert "NEOVĚŘENO" in values(body, "description")[0]
    assert "NICHT GEPRÜFT" in values(body, "description")[1]
    earlier = remember(alert, leap, 0, first.sent, first.expires)
    proof = replace(told(), event_id=leap.event_id + 1, kind="proved", at=START + timedelta(minutes=20))
    assert concerns_us(proof, [earlier], speaker.network)
    second = telling(proof, [earlier], START + timedelta(minutes=20))
    update, body = write(second, speaker)
    assert (structure(body), faults(body)) == ([], [])
    assert update.references == (alert.reference,)
    assert values(body, "certainty") == ["Observed", "Observed"]
    assert "Vzestup byl ověřen." in values(body, "description")[0]
    assert values(body, "severity") == ["Severe", "Severe"]


def test_the_plain_form_says_it_too(speaker: Publisher) -> None:
    body = render(compose_plain(telling(replace(told(), unproved=True), [], START), speaker))
    assert faults(body) == []
    assert values(body, "certainty") == ["Possible", "Possible"]
    assert "NEOVĚŘENO" in values(body, "description")[0]


async def test_from_the_store_and_what_holds_is_the_proof(pool: Pool, speaker: Publisher, happen: Happen) -> None:
    leap = await happen()
    async with pool.connection() as connection:
        (plain,) = await warnings.events(connection, [leap])
        assert not plain.unproved
        cursor = await connection.execute(
            "INSERT INTO event (station_id, quantity, kind, at, from_degree, to_degree, reason, value, unit, trend,"
            " chain, rule_version, exercise, firm_from, firm_to, doubt) SELECT station_id, quantity, kind,"
            " at - interval '1 minute', 0, 3, 'skipped', 300, 'cm', 'steady', '316000:level:2', 'test', false, 0, 0,"
            " 'leap' FROM event RETURNING event_id"
        )
        ((number,),) = await cursor.fetchall()
        (held,) = await warnings.events(connection, [number])
        assert held.unproved
    proof = await happen(kind="proved", reason="moved", to_degree=3, chain="316000:level:2")
    assert await publish_batch(pool, speaker, Clock()) == 1
    assert await publish_batch(pool, speaker, Clock()) == 1
    async with pool.connection() as connection:
        assert await warnings.holding(connection, number) == proof
        rows = await (await connection.execute("SELECT event_id FROM cap_message ORDER BY cap_id")).fetchall()
    assert rows == [(leap,), (proof,)]


async def said(pool: Pool, speaker: Publisher, clock: Clock) -> list[tuple[str, str, str]]:
    """All that was published by now: event code, certainty and the beginning of the headline."""
    while await publish_batch(pool, speaker, clock):
        pass
    async with pool.connection() as connection:
        rows = await (await connection.execute("SELECT body FROM cap_message ORDER BY cap_id")).fetchall()
    assert [faults(bytes(body)) for (body,) in rows] == [[]] * len(rows)
    found = []
    for (body,) in rows:
        code = etree.fromstring(bytes(body)).findtext(f"{CAP}info/{CAP}eventCode/{CAP}value") or ""
        headline = values(bytes(body), "headline")[0]
        found.append((code, values(bytes(body), "certainty")[0], headline.split(":")[0].split(" ")[0]))
    return found


async def expect(pool: Pool, happen: Happen, at: datetime, *, ends: bool = False, **changes: object) -> int:
    """An expectation of SPA 3, or its end, as the forecast writes it."""
    number = await happen(kind="expected", at=at, **{"from_degree": 2, "to_degree": 3, "chain": "story"} | changes)
    soon = [at + timedelta(minutes=minutes) for minutes in (60, 30, 90)]
    async with pool.connection() as connection:
        if ends:
            await connection.execute("INSERT INTO expectation (event_id, model) VALUES (%s, '3')", (number,))
        else:
            await connection.execute("INSERT INTO expectation VALUES (%s, 0.8, 180, %s, %s, %s, '3')", (number, *soon))
    return number


async def test_what_is_expected_of_an_unproved_rise_is_no_message(
    pool: Pool, speaker: Publisher, happen: Happen
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=20)
    await happen(at=at, firm_from=0, firm_to=0, doubt="leap", chain="story")
    await expect(pool, happen, at)
    assert await said(pool, speaker, Clock()) == [("2", "Possible", "Neověřeno")]
    await expect(pool, happen, at + timedelta(minutes=5), ends=True, from_degree=3, to_degree=2)
    assert len(await said(pool, speaker, Clock())) == 1
    await happen(kind="proved", at=at + timedelta(minutes=10), chain="story")
    await expect(pool, happen, at + timedelta(minutes=10))
    assert [one[:2] for one in await said(pool, speaker, Clock())][1:] == [("2", "Observed"), ("3", "Likely")]


async def test_the_end_of_what_was_expected_keeps_the_reservation(
    pool: Pool, speaker: Publisher, happen: Happen
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=20)
    await expect(pool, happen, at, from_degree=0)
    assert await said(pool, speaker, Clock()) == [("3", "Likely", "Očekává")]
    await happen(at=at + timedelta(minutes=5), firm_from=0, firm_to=0, doubt="leap", chain="story")
    await expect(pool, happen, at + timedelta(minutes=10), ends=True, from_degree=3, to_degree=2)
    assert (await said(pool, speaker, Clock()))[1:] == [("2", "Possible", "Neověřeno")] * 2


async def test_a_partial_proof_leaves_the_degree_that_stands(pool: Pool, speaker: Publisher, happen: Happen) -> None:
    at = datetime.now(UTC) - timedelta(minutes=20)
    leap = await happen(at=at, to_degree=3, firm_from=0, firm_to=0, doubt="leap")
    await said(pool, speaker, Clock())
    proof = await happen(kind="proved", at=at + timedelta(minutes=5), to_degree=2)
    assert await said(pool, speaker, Clock()) == [("3", "Possible", "Neověřeno")] * 2
    async with pool.connection() as connection:
        assert await warnings.holding(connection, leap) == proof
        (stands,) = await warnings.events(connection, [proof])
        assert (stands.to_degree, stands.unproved) == (3, True), "and so says each refresh"
    await happen(kind="proved", at=at + timedelta(minutes=10), from_degree=2, to_degree=3)
    await happen(at=at + timedelta(minutes=15), from_degree=3, to_degree=2)
    assert [one[:2] for one in await said(pool, speaker, Clock())][2:] == [("3", "Observed"), ("2", "Observed")]
