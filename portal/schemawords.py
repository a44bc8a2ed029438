"""The words the OpenAPI document is written in. Pure."""

from portal.geojson import Json

Object = dict[str, Json]

TIME: Object = {"type": ["string", "null"], "format": "date-time", "description": "UTC"}
NUMBER: Object = {"type": ["number", "null"]}
TEXT: Object = {"type": ["string", "null"]}
WORD: Object = {"type": "string"}
FLAG: Object = {"type": "boolean"}
TEXTS: Object = {"type": "object", "additionalProperties": WORD}


def record(properties: Object, *, optional: tuple[str, ...] = ()) -> Object:
    """An object that has these properties and no others."""
    required: list[Json] = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def many(of: Json) -> Object:
    """A list of `of`."""
    return {"type": "array", "items": of}
