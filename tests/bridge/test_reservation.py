"""A rise that is not proved goes to partners at once as possible and says so; its proof is an update, as observed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

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
