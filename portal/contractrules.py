"""The part of the OpenAPI document about the history of a station's rules. Pure."""

from portal.schemawords import FLAG, NUMBER, TEXT, TIME, WORD, Object, many, record


def paths() -> Object:
    """The path of the OpenAPI document."""
    station: Object = {"name": "station_id", "in": "path", "required": True, "schema": {"type": "string"}}

    def answer(text: str, schema: str) -> Object:
        kind: Object = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
        return {"description": text, "content": {"application/json": kind}}

    responses: Object = {
        "200": answer("versions in use, oldest first by quantity, and dated changes not used yet", "Rules"),
        "404": answer("no such station", "Error"),
        "503": answer("database away", "Error"),
    }
    summary = "by which rules a station was judged since when, who changed them and why"
    return {
        "/api/v1/stations/{station_id}/rules": {
            "get": {"summary": summary, "parameters": [station], "responses": responses}
        }
    }


def schemas() -> Object:
    """Rules."""
    limits: Object = {"type": "object", "additionalProperties": {"type": "number"}, "description": "by degree"}
    why: Object = {
        "limits": limits,
        "unit": WORD,
        "valid_from": {**TIME, "description": "since when the limits were to hold; null = nobody said"},
        "source": {**TEXT, "description": "null = not known"},
        "author": {**TEXT, "description": "who changed them; null = not known, or not changed by a person"},
        "reason": TEXT,
    }
    window = record({"window_min": {"type": "integer"}, "limits": limits, "saturated": limits})
    used = record(
        {
            "quantity": WORD,
            "since": {**TIME, "description": "the first observation judged by them"},
            "version": {**WORD, "description": "hash of all that can change a judgement; events carry it"},
            "engine": {"type": ["integer", "null"]},
            "scheme": {**TEXT, "description": "whose degrees these are"},
            "rain_sums": {**many(window), "description": "mm; empty = not judged by sums of rain"},
            "hysteresis_cm": NUMBER,
            "hysteresis_share": NUMBER,
            "calm_s": NUMBER,
            "recorded_at": TIME,
            **why,
        }
    )
    valid: Object = {
        **FLAG,
        "description": "false: valid from a day to come; true: valid already, but no reading was judged by it yet",
    }
    change = record({"quantity": WORD, "valid": valid, **why})
    to_come: Object = {
        **many(change),
        "description": "changes entered and not used yet; one leaves for `used` when a reading is judged by it. One "
        "overtaken by a newer valid one before any reading is not named",
    }
    return {"Rules": record({"station": WORD, "used": many(used), "to_come": to_come})}
