"""Open data: every answer fits the contract, every route stands in it, bad questions get a plain answer."""

import csv
import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from floodcore.house import House
from floodcore.store.views import SampleView
from floodcore.words import Flag, Language, Quantity
from portal import contract, csvtext, queries, room
from tests.portal.conftest import HOSTILE, Running, happen, past, put

SPOKEN = f"/{{language:{'|'.join(Language)}}}/{{rest:.*}}"
PRIVATE = {"/", "/static/{path:.+}", "/{language}", "/{language}/{rest:.*}", SPOKEN, "/api/{rest:.*}", *room.PAGES}
AGREED = {
    "id", "name", "river", "degree_reached", "degree_expected", "degree_declared", "freshness", "trend", "value",
    "unit", "observed_at",
}  # fmt: skip


def fits(body: Any, name: str) -> None:
    document: dict[str, Any] = contract.document()
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    jsonschema.validate(body, schema, cls=jsonschema.Draft202012Validator)


async def asked(portal: Running, path: str, status: int = 200, accept: str = "*/*") -> Any:
    async with portal.client.get(path, headers={"Accept-Encoding": "identity", "Accept": accept}) as answer:
        assert answer.status == status, await answer.text()
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        return json.loads(await answer.read())


async def test_every_public_route_stands_in_the_contract(unplugged: House) -> None:
    routes = {route.path for route in room.routes(unplugged)}
    document: dict[str, Any] = contract.document()
    # held by tests/roof/test_contract.py
    others = ("/feed/", "/hooks/", "/api/v1/ingest/", "/api/v1/upload/", "/api/v1/hooks/", "/api/v1/sensorthings/")
    assert routes - PRIVATE == {path for path in document["paths"] if not path.startswith(others)}
    jsonschema.Draft202012Validator.check_schema({"components": document["components"]})


async def test_every_answer_fits_its_schema(portal: Running) -> None:
    at = await put(portal.house.pool, "320000", 215.0, 2)
    await put(portal.house.pool, "316000", None, None, flag=Flag.MISSING, test="missing")
    await put(portal.house.pool, "660100", 15.0, 0, age=timedelta(days=2), flag=Flag.FAIL, test="jump")
    await happen(portal.house.pool, "320000", 2, at=at, was=1)
    await happen(portal.house.pool, "320000", 3, at=at, kind="declared", author="ORP")
    document = await asked(portal, "/api/v1/openapi.json")
    assert document["openapi"] == "3.1.0"
    body = await asked(portal, "/api/v1/map.geojson")
    fits(body, "Map")
    states = {feature["id"]: feature["properties"] for feature in body["features"]}
    assert set(states["320000"]) > AGREED
    expected = {
        "river": "nisa", "degree_reached": 2, "degree_declared": 3, "degree_expected": None, "freshness": "fresh",
        "trend": "rising", "value": 215.0, "unit": "cm",
    }  # fmt: skip
    assert expected.items() <= states["320000"].items()
    assert states["316000"]["value"] is None
    assert states["316000"]["freshness"] == "doubtful"
    assert states["660100"]["freshness"] == "silent"
    assert states["nowhere"]["freshness"] == "never"
    fits(await asked(portal, "/api/v1/stations"), "Stations")
    fits(await asked(portal, "/api/v1/stations/320000"), "Station")
    fits(await asked(portal, "/api/v1/stations/320000/observations"), "Observations")
    fits(await asked(portal, "/api/v1/events"), "Events")
    fits(await asked(portal, "/health", 200), "Health")
    for path in ("/api/v1/stations/none", "/api/v1/stations/none/observations", "/api/v2", "/api/"):
        fits(await asked(portal, path, 404), "Error")


async def test_bad_questions_get_a_hint(portal: Running) -> None:
    for query in (
        "quantity=depth", "from=yesterday", "from=2026-01-01T00:00:00", "from=2026-01-02&to=2026-01-01", "limit=0",
        "limit=-1", "limit=99999", "from=2020-01-01&to=2026-01-01", "from=0001-01-01", "to=9999-12-31", "limit=٣",
        "from=2026-01-01T00:00:00Z%27%3B--",
    ):  # fmt: skip
        body = await asked(portal, f"/api/v1/stations/320000/observations?{query}", 400)
        fits(body, "Error")
        assert body["hint"].split(":")[0].split()[0] in {"quantity", "from", "to", "limit"}
    for query in (
        "before=x", "before=2026-01-01T00:00:00Z_", "before=_5", "limit=many", "station=%00",
        "before=2026-01-01T00:00:00Z_99999999999999999999",
    ):  # fmt: skip
        fits(await asked(portal, f"/api/v1/events?{query}", 400), "Error")


async def test_parts_follow_one_another_without_loss(portal: Running) -> None:
    await put(portal.house.pool, "320000", 1.0, 0)
    await past(portal.house.pool, "320000", [(minutes, float(minutes)) for minutes in range(5, 300)])
    path: str | None = "/api/v1/stations/320000/observations?limit=100"
    seen: list[str] = []
    while path is not None:
        body = await asked(portal, path)
        fits(body, "Observations")
        assert len(body["observations"]) <= 100
        seen += [row["observed_at"] for row in body["observations"]]
        path = body["next"]
    assert len(seen) == len(set(seen)) == 296
    assert seen == sorted(seen)


async def test_a_later_verdict_outweighs_the_door(portal: Running) -> None:
    at = await put(portal.house.pool, "320000", 400.0, 0)
    async with portal.house.pool.connection() as conn:
        await conn.execute("INSERT INTO verdict SELECT series_id, %s, 3, 'spike' FROM series", (at,))
    row = (await asked(portal, "/api/v1/stations/320000/observations"))["observations"][0]
    assert (row["flag"], row["test"]) == ("suspect", "spike")


async def test_events_page_without_loss_even_at_one_moment(portal: Running) -> None:
    at = datetime.now(UTC).replace(microsecond=123456)
    for n in range(7):
        await happen(portal.house.pool, "320000", n % 5, at=at - timedelta(seconds=n // 3))
    path: str | None = "/api/v1/events?limit=2"
    seen: list[int] = []
    while path is not None:
        body = await asked(portal, path)
        fits(body, "Events")
        seen += [row["id"] for row in body["events"]]
        path = body["next"]
    assert sorted(seen) == list(range(1, 8))
    assert (await asked(portal, "/api/v1/events?station=none"))["events"] == []


async def test_observations_as_csv(portal: Running) -> None:
    at = await put(portal.house.pool, "=x'\"<&>/?", 215.0, 2)
    station = "%3Dx%27%22%3C%26%3E%2F%3F"
    for how in ({"Accept": "text/csv"}, {"Accept": "text/html, text/csv;q=0.9, application/json;q=0.1"}):
        async with portal.client.get(f"/api/v1/stations/{station}/observations", headers=how) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"].startswith("text/csv")
            assert "Accept" in answer.headers["Vary"]
            assert answer.headers["Content-Disposition"] == 'attachment; filename="_x________level.csv"'
            rows = list(csv.reader(io.StringIO((await answer.read()).decode())))
    assert rows[1] == [
        "'=x'\"<&>/?",
        "level",
        "cm",
        at.isoformat().replace("+00:00", "Z"),
        "215.0",
        "good",
        "",
        "false",
        "test",
        HOSTILE,
    ]
    assert rows[0][-2:] == ["source", "credit"]
    async with portal.client.get(f"/api/v1/stations/{station}/observations?format=csv") as answer:
        assert answer.headers["Content-Type"].startswith("text/csv")


@given(st.text(), st.text(), st.floats(allow_nan=False) | st.none(), st.integers(0, 9))
def test_no_cell_starts_a_formula(station: str, test: str, value: float | None, flag: int) -> None:
    sample = SampleView(datetime(2026, 3, 29, 1, tzinfo=UTC), value, flag, test, late=True)
    text = csvtext.observations(station, "level", "cm", [sample])
    header, row = csv.reader(io.StringIO(text, newline=""))
    assert len(header) == len(row)
    for cell in (row[0], row[6]):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert (row[4] == "") == (value is None)


@given(st.dictionaries(st.sampled_from(["quantity", "from", "to", "limit"]), st.text(max_size=40)))
def test_a_span_is_sound_or_refused(query: dict[str, str]) -> None:
    now = datetime(2026, 3, 29, 1, tzinfo=UTC)
    try:
        span = queries.span(query, now)
    except queries.QueryError:
        return
    assert span.start < span.end <= span.start + queries.LONGEST_SPAN
    assert 1 <= span.limit <= queries.MOST_ROWS
    assert span.start.utcoffset() == timedelta(0)


def test_a_bare_day_as_an_end_is_included() -> None:
    span = queries.span({"from": "2026-03-29", "to": "2026-03-29"}, datetime(2026, 4, 1, tzinfo=UTC))
    assert (span.start, span.end) == (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC))
    summer = queries.span(
        {"from": "2026-03-29T03:00:00 02:00", "quantity": "rain"}, datetime(2026, 3, 29, 9, tzinfo=UTC)
    )
    assert summer.start == datetime(2026, 3, 29, 1, tzinfo=UTC), "a plus that a form turned into a space is read"
    assert summer.quantity is Quantity.RAIN


async def test_the_map_is_gzipped_once_and_tagged(portal: Running) -> None:
    await put(portal.house.pool, "320000", 215.0, 2)
    async with portal.client.get("/api/v1/map.geojson", headers={"Accept-Encoding": "br, gzip"}) as answer:
        body = json.loads(gzip.decompress(await answer.read()))
        tag = answer.headers["ETag"]
        assert answer.headers["Content-Type"] == "application/geo+json"
    fits(body, "Map")
    async with portal.client.get("/api/v1/map.geojson", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
        assert await answer.read() == b""
