"""The part of the OpenAPI document about what others say, and about whose data these are. Pure."""

from portal.geojson import Json
from portal.schemawords import FLAG, NUMBER, TEXT, TEXTS, TIME, WORD, Object, many, record

_STATES: list[Json] = ["told", "old", "stalled", "failed", "empty", "never"]


def of_others() -> dict[str, Object]:
    """The properties of a mark that come from others: whence the value, and the classes other services give."""
    return {
        "data_source": {**TEXT, "description": "whence the value came; its terms are at /api/v1/sources"},
        "data_credit": {**TEXT, "description": "the name and licence to show beside the value"},
        "classes": {
            **many(gauge_class()),
            "description": "flood classes other services give the gauge, on their own scales; never a level or an SPA",
        },
    }


def gauge_class() -> Object:
    """One class of one service."""
    return record(
        {
            "source": WORD,
            "issuer": WORD,
            "class": {"type": ["integer", "null"], "description": "0 to 4 on the service's own scale; null = no data"},
            "words": {**TEXT, "description": "as the service calls it"},
            "words_language": WORD,
            "at": TIME,
            "until": {**TIME, "description": "from then on it says nothing about the present"},
            "received_at": TIME,
            "current": {**FLAG, "description": "at the time of the answer"},
        }
    )


def schemas() -> Object:
    """Context and Sources."""
    warning = record(
        {
            "code": {**WORD, "description": "the issuer's own code"},
            "severity": {**WORD, "description": "CAP 1.2"},
            "certainty": {**WORD, "description": "CAP 1.2"},
            "onset": TIME,
            "expires": {**TIME, "description": "null = until revoked"},
            "cisorp": {**many(WORD), "description": "districts; empty = the issuer named none"},
            "flood": FLAG,
            "event": {**TEXTS, "description": "the issuer's own words by language"},
            "text": TEXTS,
            "profiles": many(WORD),
        }
    )
    warnings: Object = {**many(warning), "type": ["array", "null"]}
    bulletin = record(
        {
            "source": WORD,
            "issuer": WORD,
            "state": {
                "type": "string",
                "enum": _STATES,
                "description": "told: `warnings` is what it warns of now, an empty list is its word that none is. "
                "All others: not known, which is not calm",
            },
            "fault": TEXT,
            "identifier": TEXT,
            "sent": {**TIME, "description": "when the issuer wrote it"},
            "imported_at": {**TIME, "description": "when it was new to this system"},
            "tried_at": {**TIME, "description": "when the source was last asked, with any outcome"},
            "max_age_s": NUMBER,
            "max_import_s": NUMBER,
            "warnings": {**warnings, "description": "null = not known"},
            "last_said": {**warnings, "description": "the last word of a source that is not current; no news"},
            "elsewhere": {"type": "integer", "description": "warnings for other areas, left out"},
        }
    )
    source = record(
        {
            "source": WORD,
            "owner": {**TEXT, "description": "null = the operator of each gauge"},
            "licence": {**TEXT, "description": "null = none stated"},
            "licence_url": TEXT,
            "asks": {"type": "string", "enum": ["credit", "named", "nothing", "unknown", "own"]},
            "credit": {**TEXT, "description": "the words to name it by"},
            "last_at": {**TIME, "description": "last good answer"},
            "failing": FLAG,
        }
    )
    classes = record({"station": WORD, **_properties(gauge_class())})
    return {
        "Context": record(
            {"stale_since": TIME, "now": TIME, "bulletins": many(bulletin), "classes": many(classes)},
        ),
        "Sources": record({"stale_since": TIME, "sources": many(source)}),
    }


def _properties(of: Object) -> Object:
    found = of["properties"]
    return found if isinstance(found, dict) else {}
