"""Our own files and Leaflet's, read once at start and served from memory with a tag for ever."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from xstatic.pkg import leaflet

from portal.board import Bytes

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_LEAFLET = ("leaflet.js", "leaflet.css", "images/layers.png", "images/layers-2x.png")


class Assets:
    """Files by their path below /static/. `url` carries the tag, so a new version is a new address."""

    def __init__(self, found: Mapping[str, Bytes]) -> None:
        self._found = found

    def get(self, path: str) -> tuple[Bytes, str] | None:
        """The file and its content type, or None."""
        body = self._found.get(path)
        return None if body is None else (body, _TYPES[Path(path).suffix])

    def url(self, path: str) -> str:
        """The address of a file that exists.

        Raises:
            KeyError: it does not: a fault in a template, found by tests.
        """
        tag = self._found[path].etag.strip('"')[:8]
        return f"/static/{path}?v={tag}"


def read() -> Assets:
    """Everything of `portal/static` and the few files of Leaflet that a page needs."""
    own = files("portal") / "static"
    found = {
        file.name: Bytes.of(file.read_bytes(), level=9) for file in own.iterdir() if Path(file.name).suffix in _TYPES
    }
    package = Path(leaflet.BASE_DIR)
    found |= {f"leaflet/{name}": Bytes.of((package / name).read_bytes(), level=9) for name in _LEAFLET}
    return Assets(found)
