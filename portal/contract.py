"""The OpenAPI 3.1 document of the public HTTP interface, kept by hand as data. Pure.

A test holds that every public route stands here and that every answer fits its schema. Ingest, feeds
and hooks belong to other rooms; their addresses are named so that one document shows the whole house.
"""

from functools import cache

from floodcore.words import Cause, Flag, Freshness, Quantity, Trend
from portal import contractcontext, contractfeeds, contractrules, raindata
from portal.geojson import Json
from portal.paths import paths
from portal.schemawords import NUMBER as _NUMBER
from portal.schemawords import TEXT as _TEXT
from portal.schemawords import TEXTS, Object
from portal.schemawords import TIME as _TIME
from portal.schemawords import many as _list
from portal.schemawords import record as _object

_SECURITY: Object = {
    "basic": {"type": "http", "scheme": "basic", "description": "station id and its key"},
    "hmac": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Hladina-Signature",
        "description": "HMAC-SHA256 of the body with the station's key",
    },
}
_DEGREE: Object = {"type": ["integer", "null"], "minimum": 0, "maximum": 4}


def _enum(words: type[Quantity] | type[Freshness] | type[Trend]) -> Object:
    values: list[Json] = [word.value for word in words]
    return {"type": "string", "enum": values}


def _ref(name: str) -> Object:
    return {"$ref": f"#/components/schemas/{name}"}


def _state() -> Object:
    return _object(
        {
            "id": {"type": "string"},
            "name": {"type": "string"},
            "river": _TEXT,
            "degree_reached": {
                **_DEGREE,
                "description": "what the gauge has reached, in the scale `scheme`; null = unknown",
            },
            "degree_expected": {
                **_DEGREE,
                "description": "what the machine's forecast expects above the reached degree; 0 = nothing within 4 h, "
                "null = no current forecast, which is not calm. Stays while the gauge is silent: see forecast_current",
            },
            "degree_declared": {**_DEGREE, "description": "what the flood authority has declared; null = nothing"},
            "freshness": {**_enum(Freshness), "description": "at the time of the answer; only `fresh` may look calm"},
            "trend": _enum(Trend),
            "value": _NUMBER,
            "unit": _TEXT,
            "observed_at": _TIME,
            "quantity": _enum(Quantity),
            "scheme": {
                "type": "string",
                "enum": ["spa", "alarmstufe", "imgw", "rain"],
                "description": "whose degrees these are; never translated into one another; "
                "rain: limits of rain sums, no SPA",
            },
            "trend_per_hour": _NUMBER,
            "suspect": {**_TEXT, "description": "the check that doubts the value"},
            "late_at": {**_TIME, "description": "from then on the value is late"},
            "silent_at": {**_TIME, "description": "from then on the gauge is silent"},
            "interval_s": {"type": "number"},
            "country": _TEXT,
            "names": {"type": "object", "additionalProperties": {"type": "string"}},
            "synthetic": {"type": "boolean", "description": "an invented station; its values measure nothing"},
            **_of_people_and_pairs(),
            **_of_doubts(),
            **contractcontext.of_others(),
            "expected_at": {**_TIME, "description": "when the expected limit is reached: median; null = none expected"},
            "expected_earliest": {**_TIME, "description": "begin of the middle four fifths of that time"},
            "expected_latest": {**_TIME, "description": "its end"},
            "expected_probability": {
                **_NUMBER,
                "description": "of reaching it within 4 h",
            },
            "expected_sure": {**_TEXT, "description": "the same as a word: certain, likely, rather, possible, ..."},
            "expected_fading": {
                "type": ["boolean", "null"],
                "description": "the newest forecast no longer warns of it; it is not yet withdrawn",
            },
            "expected_told_at": {**_TIME, "description": "when people were told last"},
            "forecast_at": {**_TIME, "description": "reading on which the newest forecast was made"},
            "forecast_until": {**_TIME, "description": "from then on the forecast is no longer current"},
            "forecast_current": {"type": "boolean", "description": "at the time of the answer"},
        }
    )


def _of_people_and_pairs() -> dict[str, Object]:
    """What people report about a gauge, and how it stands to the other one of its site."""
    return {
        "cause": {
            "type": ["string", "null"],
            "enum": [None, *(cause.value for cause in Cause if cause.tags_degree)],
            "description": "what people report to lie behind the water; null = nobody has said so",
        },
        "notes": _list(_note()),
        "spare_for": {**_TEXT, "description": "the main gauge of the site of which this is the spare"},
        "counts": {"type": "boolean", "description": "whether this is the reading of its site to go by"},
        "pair": {
            "type": ["string", "null"],
            "enum": [None, "fine", "lost", "idle", "instead"],
            "description": "of a site with two gauges: main one fine or lost, spare one idle or instead of it",
        },
    }


def _of_doubts() -> dict[str, Object]:
    """What a series is doubted for beside its neighbours."""
    numbers: Object = {"type": "object", "additionalProperties": {"type": "number"}}
    doubt = _object(
        {
            "test": {"type": "string", "description": "drift, step, still, alone, clogged, double; more may come"},
            "quantity": _enum(Quantity),
            "since": _TIME,
            "until": {**_TIME, "description": "it holds until then; one that goes on is prolonged before"},
            "numbers": {**numbers, "description": "what it rests on: cm, mm, hours, times; beside_ of others"},
        }
    )
    return {
        "expected_unproved": {
            "type": ["boolean", "null"],
            "description": "what is expected rests on a rise that is not verified; residents are not told of it",
        },
        "doubts": {**_list(doubt), "description": "open doubts upon what the station measures; they change no degree"},
        "unproved": {
            "type": ["string", "null"],
            "enum": [None, "leap", "unit", "wreck"],
            "description": "why the degree reached is not verified; residents have not been told of it yet",
        },
        "doubted_by": {
            **_list({"type": "string"}),
            "description": "the tests that alone make `freshness` doubtful; empty when the gauge is by itself",
        },
    }


def _note() -> Object:
    return _object(
        {
            "cause": {"type": "string", "description": "one of the causes, or what is wrong with the gauge"},
            "from": _TIME,
            "until": {**_TIME, "description": "null = until it is ended"},
            "author": {"type": "string"},
            "texts": {"type": "object", "additionalProperties": {"type": "string"}},
        }
    )


def _feature() -> Object:
    point = _object(
        {
            "type": {"const": "Point"},
            "coordinates": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
        }
    )
    return _object(
        {
            "type": {"const": "Feature"},
            "id": {"type": "string"},
            "geometry": {"oneOf": [{"type": "null"}, point]},
            "properties": _ref("State"),
        }
    )


def _station() -> Object:
    limits = _object(
        {
            "quantity": _enum(Quantity),
            "unit": {"type": "string"},
            "scheme": {"type": "string"},
            "values": {"type": "object", "additionalProperties": {"type": "number"}},
            "source": {"type": "string"},
            "valid_from": {"type": ["string", "null"], "format": "date"},
        }
    )
    facts: Object = {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "names": {"type": "object", "additionalProperties": {"type": "string"}},
        "river": _TEXT,
        "country": _TEXT,
        "operator": _TEXT,
        "category": _TEXT,
        "lat": _NUMBER,
        "lon": _NUMBER,
        "river_km": _NUMBER,
        "catchment_km2": _NUMBER,
        "interval_s": {"type": "number"},
        "quantities": _list(_enum(Quantity)),
        "limits": _list(limits),
        **raindata.contract(),
        "upstream": _list({"type": "string"}),
        "missing": _list({"type": "string"}),
        "source": _TEXT,
        "synthetic": {"type": "boolean"},
        "links": {"type": "object", "additionalProperties": {"type": "string"}},
        "state": _ref("State"),
        "stale_since": _TIME,
    }
    return _object(facts, optional=("stale_since",))


def _event() -> Object:
    return _object(
        {
            "id": {"type": "integer"},
            "station": {"type": "string"},
            "quantity": {"type": "string"},
            "kind": {
                "type": "string",
                "description": "reached, proved, silence (machine), expected (forecast), declared (authority)",
            },
            "unproved": {
                "type": ["string", "null"],
                "description": "why a rise was not verified then: leap, unit, wreck",
            },
            "at": _TIME,
            "from_degree": {"type": "integer"},
            "to_degree": {"type": "integer"},
            "reason": {"type": "string"},
            "value": _NUMBER,
            "unit": {"type": "string"},
            "limit": _NUMBER,
            "trend": {"type": "string"},
            "trend_per_hour": _NUMBER,
            "author": _TEXT,
            "cause": {**_TEXT, "description": "what people report to have lain behind the water then; null = nobody"},
            "exercise": {"type": "boolean", "description": "nothing of this happened"},
            "recorded_at": _TIME,
        }
    )


def _observations() -> Object:
    flags: list[Json] = [flag.name.lower() for flag in Flag]
    sample = _object(
        {
            "observed_at": _TIME,
            "value": _NUMBER,
            "flag": {"type": "string", "enum": flags},
            "test": _TEXT,
            "late": {"type": "boolean", "description": "a newer value of the series had already been stored"},
            "source": {"type": "string", "description": "whence the value came; how to name it is in `credits`"},
        }
    )
    return _object(
        {
            "station": {"type": "string"},
            "quantity": _enum(Quantity),
            "unit": {"type": "string"},
            "from": _TIME,
            "to": _TIME,
            "observations": _list(sample),
            "credits": {**TEXTS, "description": "how each source of these values is to be named, by source"},
            "next": {**_TEXT, "description": "where the next part is; null at the end"},
        }
    )


def _health() -> Object:
    scope: Object = {"type": "string", "enum": ["all", "operator", "transport", "clock"]}
    count: Object = {"type": "integer"}
    name: Object = {"type": "string"}
    incident = _object({"scope": scope, "name": name, "since": _TIME, "silent": count, "of": count})
    stage = _object({"ok": {"type": "boolean"}, "age_s": _NUMBER, "failures": {"type": "integer"}, "fault": _TEXT})
    return _object(
        {
            "ok": {"type": "boolean"},
            "now": _TIME,
            "exercise": {"type": "boolean"},
            "database": _object({"ok": {"type": "boolean"}, "read_at": _TIME, "fault": _TEXT}),
            "stages": {"type": "object", "additionalProperties": stage},
            "incidents": _list(incident),
        }
    )


def _schemas() -> Object:
    return {
        "State": _state(),
        "Map": _object(
            {
                "type": {"const": "FeatureCollection"},
                "stale_since": {**_TIME, "description": "not null: the database is away since then"},
                "exercise": {"type": "boolean"},
                "features": _list(_feature()),
            }
        ),
        "Station": _station(),
        "Stations": _object({"stale_since": _TIME, "stations": _list(_ref("Station"))}),
        "Observations": _observations(),
        "Event": _event(),
        "Events": _object({"events": _list(_ref("Event")), "next": _TEXT}),
        "Health": _health(),
        **contractcontext.schemas(),
        **contractrules.schemas(),
        **contractfeeds.schemas(),
        "Error": _object({"error": {"type": "string"}, "hint": {"type": "string"}}),
    }


@cache
def document() -> Object:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Hladina",
            "version": "1",
            "summary": "Water levels and flood degrees of the Liberec Region and its neighbours",
            "description": "Raw, unvalidated data. Reached, expected and declared degrees are three things. "
            "Missing is null, never 0. All times are UTC. CAP 1.2 feeds: /feed/atom.xml. Gauge push: "
            "POST /api/v1/ingest/{station}.",
        },
        "paths": paths(),
        "components": {"schemas": _schemas(), "securitySchemes": _SECURITY},
    }
