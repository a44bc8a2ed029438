"""JSON as the portal writes it. Pure."""

import json

from portal.geojson import Json


def dumps(body: Json) -> bytes:
    """Compact UTF-8; refuses NaN, which is no JSON."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
