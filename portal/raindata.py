"""What programs are told of a station's limits of rain and of the rules left to people, and its contract. Pure."""

from datetime import timedelta

from floodcore.network.model import Station
from floodcore.network.rain import RainDegrees, RainLimit
from portal.geojson import Json

_MINUTE = timedelta(minutes=1)


def of_station(station: Station) -> dict[str, Json]:
    """Limits of rain sums (mm), null without, and the rules that no gauge judges."""
    return {
        "rain_degrees": None if station.rain_degrees is None else _degrees(station.rain_degrees),
        "by_person": [
            {
                "degree": int(rule.degree),
                "texts": {language.value: text for language, text in rule.texts.items()},
                "source": rule.source,
            }
            for rule in station.by_person
        ],
    }


def _degrees(rain: RainDegrees) -> Json:
    ground = rain.saturation
    return {
        "scheme": rain.scheme,
        "unit": "mm",
        "sums": [_sum(limit) for limit in rain.sums],
        "saturation": None
        if ground is None
        else {
            "mm": ground.mm,
            "days": ground.days,
            "recent_mm": ground.recent_mm,
            "recent_days": ground.recent_days,
            "source": ground.source,
        },
    }


def _sum(limit: RainLimit) -> Json:
    return {
        "window_min": int(limit.window / _MINUTE),
        "values": {str(int(degree)): value for degree, value in sorted(limit.values.items())},
        "saturated": {str(int(degree)): value for degree, value in sorted(limit.saturated.items())},
        "source": limit.source,
        "valid_from": limit.valid_from.isoformat() if limit.valid_from is not None else None,
    }


def contract() -> dict[str, Json]:
    """The schema of `of_station` (OpenAPI 3.1)."""
    steps: Json = {"type": "object", "additionalProperties": {"type": "number"}}
    texts: Json = {"type": "object", "additionalProperties": {"type": "string"}}
    return {
        "rain_degrees": {
            "type": ["object", "null"],
            "description": "limits of rain sums in mm by window; scheme `rain` is no SPA of the river",
            "properties": {
                "scheme": {"type": "string", "enum": ["rain", "spa"]},
                "unit": {"const": "mm"},
                "sums": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "window_min": {"type": "integer"},
                            "values": steps,
                            "saturated": steps,
                            "source": {"type": "string"},
                            "valid_from": {"type": ["string", "null"], "format": "date"},
                        },
                    },
                },
                "saturation": {"type": ["object", "null"]},
            },
        },
        "by_person": {
            "type": "array",
            "description": "rules that no gauge judges; the machine reports nothing by them",
            "items": {
                "type": "object",
                "properties": {"degree": {"type": "integer"}, "texts": texts, "source": {"type": "string"}},
            },
        },
    }
