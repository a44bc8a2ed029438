"""The history of a gauge's rules for people and for programs: who, why, since when, and what is not known."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from alerting.engine.rulebook import Rulebook
from alerting.engine.rules import canonical, version
from floodcore.house import House, Pool
from floodcore.network.model import Change, Limits, Network
from floodcore.network.rain import RainDegrees, RainLimit
from floodcore.store import judging
from floodcore.store.judging import RuleUse
from floodcore.words import Degree, Language, Quantity
from portal import contract
from tests.portal.conftest import HOSTILE, LIMITS, Running, Serve, parsed
from tests.portal.test_pages import text_of

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
LATER = datetime(2126, 3, 1, tzinfo=UTC)
NEW = Limits(Quantity.LEVEL, {Degree(1): 165.0, Degree(2): 200.0, Degree(3): 230.0}, "flood plan 2126", None)
RAIN = RainDegrees((RainLimit(timedelta(hours=1), {Degree(1): 15.0}, {Degree(1): 10.0}, "invented"),))


def changed(network: Network) -> Network:
    gauge = network.stations["316000"]
    past = Change(replace(LIMITS, source="plan of March"), SINCE, HOSTILE, "the weir was lowered")
    to_come = Change(NEW, LATER, "M. Vzorová", "a new bridge")
    rain = replace(network.stations["rain-1"], rain_degrees=RAIN)
    stations = {"316000": replace(gauge, changes=(past, to_come)), "rain-1": rain}
    return replace(network, stations={**network.stations, **stations})


@pytest.fixture
async def ruled(house: House, pool: Pool, serve: Serve) -> Running:
    """A gauge that was judged by two versions, and has one to come; a rain gauge that was judged by sums."""
    house = replace(house, network=changed(house.network))
    rulebook = Rulebook(house.network)
    async with pool.connection() as conn, conn.transaction():
        for number, (name, quantity) in enumerate((("316000", "level"), ("rain-1", "rain")), start=1):
            await conn.execute(
                "INSERT INTO series (station_id, quantity, unit) VALUES (%s, %s, %s)",
                (name, quantity, "cm" if quantity == "level" else "mm"),
            )
            for at in (SINCE - timedelta(days=1), SINCE)[: 2 if quantity == "level" else 1]:
                one = rulebook.of(name, Quantity(quantity), at)
                why = one.why
                use = RuleUse(number, 1, at, one.version, why.valid_from, why.source, why.author, why.reason)
                await judging.save_rules(conn, {one.version: one.canonical}, [use], SINCE)
    return await serve(house)


async def asked(portal: Running, path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await text_of(portal, path))
    return found


async def test_programs_are_told_each_version_and_what_is_to_come(ruled: Running) -> None:
    found = await asked(ruled, "/api/v1/stations/316000/rules")
    document: Any = contract.document()
    schema = {"$ref": "#/components/schemas/Rules", "components": document["components"]}
    Draft202012Validator(schema).validate(found)
    first, second = found["used"]
    assert (first["since"], first["author"], first["source"], first["valid_from"]) == (
        "2026-02-28T00:00:00Z", None, "flood plan", None,
    )  # fmt: skip
    assert (second["since"], second["author"], second["reason"], second["source"], second["valid_from"]) == (
        "2026-03-01T00:00:00Z", HOSTILE, "the weir was lowered", "plan of March", "2026-03-01T00:00:00Z",
    )  # fmt: skip
    rules = Rulebook(ruled.house.network).of("316000", Quantity.LEVEL, SINCE)
    assert (second["version"], second["limits"]) == (version(rules.rules), json.loads(canonical(rules.rules))["limits"])
    (coming,) = found["to_come"]
    assert (coming["valid_from"], coming["valid"], coming["limits"]["1"], coming["author"]) == (
        "2126-03-01T00:00:00Z", False, 165.0, "M. Vzorová",
    )  # fmt: skip


async def test_a_valid_change_of_a_silent_gauge_is_shown_as_not_judged_by_yet(house: House, serve: Serve) -> None:
    portal = await serve(replace(house, network=changed(house.network)))
    found = await asked(portal, "/api/v1/stations/316000/rules")
    document: Any = contract.document()
    schema = {"$ref": "#/components/schemas/Rules", "components": document["components"]}
    Draft202012Validator(schema).validate(found)
    assert [(one["valid_from"], one["valid"]) for one in found["to_come"]] == [
        ("2026-03-01T00:00:00Z", True),
        ("2126-03-01T00:00:00Z", False),
    ]
    for language in Language:
        page = parsed(await text_of(portal, f"/{language}/stations/316000/rules"), strict=True)
        past, coming = page.xpath("//section[@class='rules']")
        said = portal.house.texts.say(language, "rules.waits")
        assert said in past.text_content()
        assert said not in coming.text_content()
        sources = {str(each.text_content()): each.get("lang") for each in page.xpath("//dd[@lang]")}
        assert sources == {"plan of March": "en", "flood plan 2126": "en"}


async def test_sums_of_rain_stand_in_the_history(ruled: Running) -> None:
    (used,) = (await asked(ruled, "/api/v1/stations/rain-1/rules"))["used"]
    assert used["rain_sums"] == [{"window_min": 60, "limits": {"1": 15.0}, "saturated": {"1": 10.0}}]
    words = parsed(await text_of(ruled, "/en/stations/rain-1/rules"), strict=True).text_content()
    assert "Rain within 60 min" in words
    assert "15.0\N{NO-BREAK SPACE}mm; on saturated ground 10.0\N{NO-BREAK SPACE}mm" in words


@pytest.mark.parametrize("language", list(Language))
async def test_people_read_who_changed_what_and_why(ruled: Running, language: Language) -> None:
    text = await text_of(ruled, f"/{language}/stations/316000/rules")
    page = parsed(text, strict=True)
    assert HOSTILE not in text
    words = page.text_content()
    say = ruled.house.texts.say
    assert all(part in words for part in (HOSTILE, "the weir was lowered", "M. Vzorová", "a new bridge"))
    assert say(language, "rules.unknown") in words
    order = [str(each.get("datetime")) for each in page.xpath("//h3/time")]
    assert order == ["2126-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-02-28T00:00:00Z"], (
        "to come, then newest first"
    )
    headings = [str(each.text_content()) for each in page.xpath("//h1|//h2")]
    assert headings == [say(language, f"rules.{key}") for key in ("title", "to_come", "used")]
    (link,) = parsed(await text_of(ruled, f"/{language}/stations/316000")).xpath("//a[contains(@href, '/rules')]")
    assert link.get("href") == f"/{language}/stations/316000/rules"
    assert link.text_content() == say(language, "rules.link")


async def test_a_gauge_never_judged_and_one_that_is_not(ruled: Running) -> None:
    assert await asked(ruled, "/api/v1/stations/nowhere/rules") == {"station": "nowhere", "used": [], "to_come": []}
    assert "has not been judged" in await text_of(ruled, "/en/stations/nowhere/rules")
    for path in ("/api/v1/stations/none/rules", "/cs/stations/none/rules"):
        async with ruled.client.get(ruled.base + path) as answer:
            assert answer.status == 404


async def test_without_the_record_nothing_is_called_empty(house: House, serve: Serve) -> None:
    """The database goes away after the first look: what is to come stands in the files and is still shown."""
    portal = await serve(replace(house, network=changed(house.network)))
    await text_of(portal, "/en/stations/316000")
    await house.pool.close()
    async with portal.client.get(portal.base + "/api/v1/stations/316000/rules") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    words = parsed(await text_of(portal, "/en/stations/316000/rules")).text_content()
    assert "cannot be read now" in words
    assert "a new bridge" in words
    assert "the weir was lowered" not in words, "whether a valid change is used cannot be known now"
    assert "has not been judged" not in words


async def test_without_the_record_it_is_not_said_that_no_change_waits(house: House, serve: Serve) -> None:
    gauge = changed(house.network).stations["316000"]
    network = replace(house.network, stations={"316000": replace(gauge, changes=gauge.changes[:1])})
    portal = await serve(replace(house, network=network))
    await text_of(portal, "/en/stations/316000")
    await house.pool.close()
    words = parsed(await text_of(portal, "/en/stations/316000/rules")).text_content()
    assert "cannot be read now" in words
    assert portal.house.texts.say(Language.EN, "rules.to_come.none") not in words
