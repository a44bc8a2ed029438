"""Representations and conditional requests after RFC 9110 (pure)."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_GZIP_SUFFIX = "-gzip"
_SMALLEST_WORTH = 512


@dataclass(frozen=True, slots=True)
class Representation:
    """Bytes ready to serve. `changed_at` (wall time) is what If-Modified-Since is held against."""

    body: bytes
    zipped: bytes | None
    content_type: str
    tag: str
    changed_at: datetime

    def etag(self, *, zipped: bool) -> str:
        """The strong validator: other bytes on the wire are another entity."""
        return f'"{self.tag}{_GZIP_SUFFIX if zipped else ""}"'


def representation(body: bytes, content_type: str, changed_at: datetime) -> Representation:
    """Prepare `body`; compressed once, and only if it is worth it. Same bytes, same tag, in every process."""
    zipped = gzip.compress(body, mtime=0) if len(body) >= _SMALLEST_WORTH else None
    return Representation(body, zipped, content_type, hashlib.sha256(body).hexdigest()[:32], changed_at)


def not_modified(answer: Representation, if_none_match: str | None, if_modified_since: str | None) -> bool:
    """Whether 304 is the answer. If-None-Match wins over If-Modified-Since (RFC 9110, 13.2.2)."""
    if if_none_match is not None:
        if if_none_match.strip() == "*":
            return True
        return answer.tag in {tag.removesuffix(_GZIP_SUFFIX) for tag in _TAG.findall(if_none_match)}
    since = None if if_modified_since is None else _date(if_modified_since)
    return since is not None and since >= answer.changed_at.replace(microsecond=0)


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Whether the reader takes gzip; `q=0` is a refusal."""
    for part in (accept_encoding or "").lower().split(","):
        name, _, parameter = part.partition(";")
        if name.strip() in {"gzip", "x-gzip"}:
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", parameter)
    return False


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
