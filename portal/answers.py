"""Answers as the portal gives them: tagged, compressed, conditional, with the headers that keep a page safe."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from floodcore.settings import Settings
from portal.board import Bytes
from portal.geojson import Json
from portal.jsontext import dumps

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
GEOJSON = "application/geo+json"
CSV = "text/csv; charset=utf-8; header=present"

_WORTH_PACKING = 600


@dataclass(frozen=True, slots=True)
class Policy:
    """The security headers of every answer; made once from the settings."""

    headers: dict[str, str]

    @classmethod
    def of(cls, settings: Settings) -> "Policy":
        """Nothing from outside is allowed, except images of the tile server the operator has named."""
        tiles = urlsplit(settings.tile_url.replace("{s}", "*"))
        images = f" {tiles.scheme}://{tiles.netloc}" if tiles.netloc else ""
        content = (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{images}; "
            f"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {settings.frame_ancestors}"
        )
        return cls(
            {
                "Content-Security-Policy": content,
                "Server": "hladina",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
            }
        )


def finished(
    request: web.Request,
    body: Bytes,
    content_type: str,
    *,
    status: int = 200,
    cache: str = "no-cache",
    headers: dict[str, str] | None = None,
) -> web.Response:
    """Answer with `body`: 304 when the asker has it, compressed when it takes gzip and it is worth it."""
    # Weak, since the same tag stands for the plain and the compressed bytes (RFC 9110, section 8.8.1).
    out = {"ETag": f"W/{body.etag}", "Cache-Control": cache, "Vary": "Accept-Encoding", **(headers or {})}
    if status == 200 and _has(request, body.etag):  # noqa: PLR2004  # HTTP's own number
        return web.Response(status=304, headers=out)
    out["Content-Type"] = content_type
    packed = len(body.plain) >= _WORTH_PACKING and takes_gzip(request)
    if packed:
        out["Content-Encoding"] = "gzip"
    return web.Response(status=status, body=body.packed if packed else body.plain, headers=out)


def page(request: web.Request, made: str | Bytes, *, status: int = 200) -> web.Response:
    """An HTML page. No browser keeps it: gone back to without a net, an old one would come up as if it were new."""
    body = made if isinstance(made, Bytes) else Bytes.of(made.encode())
    return finished(request, body, HTML, status=status, cache="no-store")


def data(request: web.Request, body: Json, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON answer, readable across origins because it is public data."""
    shared = {"Access-Control-Allow-Origin": "*", **(headers or {})}
    return finished(request, Bytes.of(dumps(body)), JSON, status=status, headers=shared)


def refusal(request: web.Request, status: int, error: str, hint: str) -> web.Response:
    """A JSON error that says what to do."""
    return data(request, {"error": error, "hint": hint}, status=status)


def takes_gzip(request: web.Request) -> bool:
    """Whether the asker accepts gzip."""
    for part in request.headers.get("Accept-Encoding", "").lower().split(","):
        name, _, quality = part.strip().partition(";")
        if name in {"gzip", "*"}:
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _has(request: web.Request, etag: str) -> bool:
    known = request.headers.get("If-None-Match", "")
    return known.strip() == "*" or etag in {part.strip().removeprefix("W/") for part in known.split(",")}
