"""Who may push for a station. Pure; keys are compared in constant time."""

import binascii
import hashlib
import hmac
from base64 import b64decode
from collections.abc import Mapping
from enum import Enum

_OR = "|"  # between the old and the new key while they change
SIGNATURE = "X-Hladina-Signature"  # "sha256=" and the hex HMAC-SHA256 of the body as sent, under the station's key


class Verdict(Enum):
    """Whether a push may be taken."""

    ALLOWED = "allowed"
    UNKNOWN = "unknown"  # no or wrong credentials: 401
    FORBIDDEN = "forbidden"  # good credentials of another station: 403


def verdict(keys: Mapping[str, str], station_id: str, authorization: str, signature: str, body: bytes) -> Verdict:
    """Judge a push by its signature if it has one, else by HTTP Basic (`station:key`)."""
    if signature:
        given = signature.strip().lower().encode(errors="replace")
        known = keys.get(station_id, "")
        # compare before asking whether there is a key, so that time does not tell
        genuine = _among([_signature(key, body) for key in known.split(_OR)], given)
        return Verdict.ALLOWED if genuine and known else Verdict.UNKNOWN
    user, key = _basic(authorization)
    known = keys.get(user, "")
    genuine = _among([each.encode() for each in known.split(_OR)], key.encode("utf-8", "surrogatepass"))
    if not (genuine and key):
        return Verdict.UNKNOWN
    return Verdict.ALLOWED if user == station_id else Verdict.FORBIDDEN


def speaker(authorization: str) -> str:
    """Who says they send, not yet believed; empty when nobody is named."""
    return _basic(authorization)[0]


def _signature(key: str, body: bytes) -> bytes:
    """What the header must say; of an empty key something that nobody can say."""
    return b"sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest().encode() if key else b""


def _among(known: list[bytes], given: bytes) -> bool:
    """Whether `given` is one of `known`; all are compared, so that time does not tell which."""
    return bool(sum([hmac.compare_digest(each, given) for each in known])) and bool(given)


def _basic(authorization: str) -> tuple[str, str]:
    """User and password; empty when the header is not HTTP Basic."""
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = b64decode(coded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return user, password
