"""The part of the OpenAPI document about the feeds, which the bridge serves: messages, and whether it lives. Pure."""

from portal.schemawords import FLAG, NUMBER, TIME, WORD, Object, many, record

_JSON = "application/json"
_UNCHANGED: Object = {"description": "not changed since the tag of If-None-Match"}
_FEEDS = {
    "atom.xml": ("Atom: links to the CAP documents, newest first", "application/atom+xml"),
    "rss.xml": ("RSS 2.0: the same", "application/rss+xml"),
    "fat.atom": ("Atom with the CAP documents inside", "application/atom+xml"),
    "current.xml": ("one CAP document: the current state", "application/cap+xml"),
}
_STATUS = "how old the feed and the newest measurement are, which partners listen"


def paths() -> Object:
    """The feeds, the messages and the status, of both streams."""
    found: Object = {}
    for room, whose in (("", ""), ("exercise/", ", exercises and tests")):
        for name, (text, kind) in _FEEDS.items():
            answers: Object = {"200": _answer(text, kind), "304": _UNCHANGED, "503": {"description": "try again"}}
            found[f"/feed/{room}{name}"] = _get(text + whose, answers)
        found[f"/feed/{room}status.json"] = _get(_STATUS + whose, _of_status())
        found[f"/feed/{room}cap/{{identifier}}.xml"] = _message()
    return found


def _get(text: str, answers: Object, *parameters: Object) -> Object:
    return {"get": {"summary": text, "parameters": list(parameters), "responses": answers}}


def _answer(text: str, kind: str, schema: Object = WORD) -> Object:
    return {"description": text, "content": {kind: {"schema": schema}}}


def _of_status() -> Object:
    away = "the database is away, so what is in force is not known"
    return {
        "200": _answer(_STATUS, _JSON, {"$ref": "#/components/schemas/FeedStatus"}),
        "503": _answer(away, _JSON, {"$ref": "#/components/schemas/FeedAway"}),
    }


def _message() -> Object:
    one: Object = {"name": "identifier", "in": "path", "required": True, "schema": WORD}
    answers: Object = {
        "200": _answer("CAP 1.2 in cs-CZ and de-DE, byte for byte as issued", "application/cap+xml"),
        "404": {"description": "no such message"},
    }
    return _get("one message", answers, one)


def schemas() -> Object:
    """FeedStatus, and FeedAway in its place while the database is away."""
    made: Object = {"type": "string", "format": "date-time", "description": "UTC"}
    listening: Object = {"type": "string", "enum": ["never", "listening", "silent"]}
    partner = record(
        {
            "id": WORD,
            "listening": listening,
            "lastFetchAge": {**NUMBER, "description": "s; null = never fetched"},
            "silentAfter": {"type": "number", "description": "s without a fetch, then `silent`"},
        }
    )
    ages = record(
        {
            "measurement": {**NUMBER, "description": "s; null = none yet"},
            "message": {**NUMBER, "description": "s; null = none yet"},
            "oldestUntold": {**NUMBER, "description": "s that an event waits to be told; null = none waits"},
        }
    )
    status = record(
        {
            "generatedAt": made,
            "lastMeasurementAt": TIME,
            "lastMessageAt": TIME,
            "active": {"type": "integer", "description": "chains in force, all-clears not among them"},
            "activeMessages": many(WORD),
            "exercise": FLAG,
            "clock": {"type": "string", "enum": ["wall", "shifted"], "description": "shifted: a demo or a replay"},
            "database": {"const": "ok"},
            "ages": ages,
            "partners": many(partner),
        }
    )
    away = record({"generatedAt": made, "database": {"const": "away"}, "active": {"type": "null"}})
    return {"FeedStatus": status, "FeedAway": away}
