"""The paths of the OpenAPI document: what can be asked, of which room, and what it answers. Pure.

The doors of the other rooms stand here too, so that one document shows the whole house; their own
tests hold what they answer.
"""

from floodcore.words import Quantity
from portal import contractfeeds, contractrules
from portal.geojson import Json

Object = dict[str, Json]

_JSON = "application/json"
_STATION: Object = {"name": "station_id", "in": "path", "required": True, "schema": {"type": "string"}}
_UNCHANGED: Object = {"description": "not changed since the tag of If-None-Match"}


def paths() -> Object:
    """All paths of the house."""
    return {
        **_state(),
        **contractrules.paths(),
        **_values(),
        **_others(),
        **_events(),
        **_life(),
        **_ingest(),
        **_intakes(),
        **contractfeeds.paths(),
        **_hooks(),
    }


def _ref(name: str) -> Object:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(text: str, kind: str, schema: Object) -> Object:
    return {"description": text, "content": {kind: {"schema": schema}}}


def _error(text: str) -> Object:
    return _answer(text, "application/json", _ref("Error"))


def _get(text: str, answers: Object, parameters: tuple[Json, ...] = ()) -> Object:
    return {"get": {"summary": text, "parameters": list(parameters), "responses": answers}}


def _query(name: str, text: str, schema: Object) -> Object:
    return {"name": name, "in": "query", "required": False, "description": text, "schema": schema}


def _limit() -> Object:
    return _query("limit", "most rows", {"type": "integer", "minimum": 1})


def _state() -> Object:
    return {
        "/api/v1/openapi.json": _get("this document", {"200": _answer("OpenAPI 3.1", _JSON, {"type": "object"})}),
        "/api/v1/map.geojson": _get(
            "the map's data", {"200": _answer("all gauges", "application/geo+json", _ref("Map")), "304": _UNCHANGED}
        ),
        "/api/v1/stations": _get("all stations", {"200": _answer("facts and state", _JSON, _ref("Stations"))}),
        "/api/v1/stations/{station_id}": _get(
            "one station",
            {"200": _answer("facts and state", _JSON, _ref("Station")), "404": _error("no such station")},
            (_STATION,),
        ),
    }


def _others() -> Object:
    return {
        "/api/v1/context": _get(
            "what other services say of the danger: bulletins of warnings, flood classes of gauges",
            {"200": _answer("each with its age, in the issuer's own scale and words", _JSON, _ref("Context"))},
        ),
        "/api/v1/sources": _get(
            "whose data these are, and what each source asks of those who show them",
            {"200": _answer("the sources in use", _JSON, _ref("Sources"))},
        ),
    }


def _values() -> Object:
    quantities: list[Json] = [word.value for word in Quantity]
    values: Object = {
        "description": "values, oldest first",
        "content": {_JSON: {"schema": _ref("Observations")}, "text/csv": {"schema": {"type": "string"}}},
    }
    return {
        "/api/v1/stations/{station_id}/observations": _get(
            "stored values of one series, as JSON or CSV",
            {
                "200": values,
                "400": _error("bad query"),
                "404": _error("no such station"),
                "503": _error("database away"),
            },
            (
                _STATION,
                _query("quantity", "default: what the station is judged by", {"type": "string", "enum": quantities}),
                _query("from", "ISO 8601 with zone, or a day (UTC); default 24 hours before `to`", {"type": "string"}),
                _query("to", "ISO 8601 with zone, or a day (UTC, included); default now", {"type": "string"}),
                _limit(),
                _query("format", "csv overrides Accept", {"type": "string", "enum": ["csv", "json"]}),
            ),
        ),
    }


def _events() -> Object:
    return {
        "/api/v1/events": _get(
            "degree changes, newest first",
            {
                "200": _answer("events", _JSON, _ref("Events")),
                "400": _error("bad query"),
                "503": _error("database away"),
            },
            (
                _query("station", "only of this station", {"type": "string"}),
                _limit(),
                _query("before", "from the link `next`", {"type": "string"}),
            ),
        ),
    }


def _life() -> Object:
    return {
        "/api/v1/stream": _get(
            "server-sent events `beat` every 5 s and at every change; silence for 15 s means the link is dead",
            {
                "200": _answer("now, speed, etag of the map, stale_since", "text/event-stream", {"type": "string"}),
                "503": _error("too many streams"),
            },
        ),
        "/health": _get(
            "whether the house lives, with the age of every stage",
            {"200": _answer("it does", _JSON, _ref("Health")), "503": _answer("it does not", _JSON, _ref("Health"))},
        ),
        "/metrics": _get("Prometheus text", {"200": _answer("version 0.0.4", "text/plain", {"type": "string"})}),
    }


def _ingest() -> Object:
    sample: Object = {
        "type": "object",
        "required": ["t", "q", "v", "u"],
        "properties": {
            "t": {"type": "string", "format": "date-time", "description": "ISO 8601 with zone"},
            "q": {"type": "string", "description": "quantity: level, discharge, rain, …"},
            "v": {"type": ["number", "null"], "description": "null is missing, never 0"},
            "u": {"type": "string", "description": "unit: cm, mm, m, m3/s, l/s, …"},
            "flag": {"type": "string"},
        },
    }
    body: Object = {
        "type": "object",
        "required": ["station", "samples"],
        "properties": {
            "station": {"type": "string", "description": "the station of the path"},
            "seq": {"type": "integer"},
            "sent": {"type": "string", "format": "date-time"},
            "samples": {"type": "array", "items": sample},
        },
    }
    answers: Object = {
        "200": {"description": "stored; repeats are no fault, (station, t, q) is stored once"},
        **{code: {"description": text} for code, text in _REFUSALS.items()},
    }
    post: Object = {
        "summary": "a gauge pushes its readings; answered 2xx only after they are committed",
        "security": [{"basic": []}, {"hmac": []}],
        "parameters": [{"name": "station", "in": "path", "required": True, "schema": {"type": "string"}}],
        "requestBody": {"required": True, "content": {_JSON: {"schema": body}}},
        "responses": answers,
    }
    return {"/api/v1/ingest/{station}": {"post": post}}


def _intakes() -> Object:
    """The other addresses that take readings; what they take is described in docs/sources."""
    refusals: Object = {code: {"description": text} for code, text in _REFUSALS.items()}
    doors = {
        "/api/v1/upload/{name}": ("a file of a logger or vendor", "200", ("post", "put")),
        "/api/v1/hooks/chirpstack": ("an uplink of ChirpStack (HTTP integration)", "204", ("post",)),
        "/api/v1/hooks/hardwario": ("a message of HARDWARIO Cloud", "204", ("post",)),
        "/api/v1/sensorthings/{path}": ("an observation of OGC SensorThings 1.1", "201", ("post",)),
    }
    found: Object = {}
    for path, (text, done, methods) in doors.items():
        named = [name for name in ("name", "path") if f"{{{name}}}" in path]
        parameters: list[Json] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in named
        ]
        operation: Object = {
            "summary": f"{text}; answered 2xx only after it is committed",
            "security": [{"basic": []}, {"hmac": []}],
            "parameters": parameters,
            "responses": {done: {"description": "committed"}, **refusals},
        }
        found[path] = dict.fromkeys(methods, operation)
    return found


_REFUSALS = {
    "400": "not readable; the answer says where",
    "401": "key missing or wrong",
    "403": "the key is of another station, or the house has no keys (`not_configured`); keep what was not taken",
    "404": "no such station",
    "413": "too large",
    "422": "no sample was usable; the answer says why for each",
    "503": "the database is away; try again",
}


def _hooks() -> Object:
    answers: Object = {"2XX": {"description": "recorded"}, "403": {"description": "not signed by the gateway"}}
    texts = {"status": "what became of a text", "inbound": "a text from a phone, e.g. to opt out"}
    return {
        f"/hooks/twilio/{name}": {"post": {"summary": f"signed callback: {text}", "responses": answers}}
        for name, text in texts.items()
    }
