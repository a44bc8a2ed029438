"""`hladina status [URL]`: asks a running house for its health."""

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence

from hladina.cli import FAILED, MISUSE, OK

_LIMIT_S = 10
_BODY_LIMIT = 1_000_000


def main(argv: Sequence[str]) -> int:
    """Print what /health says; 0 only when it says that all is well."""
    parser = argparse.ArgumentParser(prog="hladina status", description="How a running house is.")
    parser.add_argument("url", nargs="?", default="http://localhost:8080", metavar="URL")
    url = parser.parse_args(argv).url.rstrip("/")
    if not url.startswith(("http://", "https://")):
        print(f"hladina: {url} is not an http address", file=sys.stderr)
        return MISUSE
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=_LIMIT_S) as answer:  # noqa: S310  # scheme checked above
            body, code = answer.read(_BODY_LIMIT), OK
    except urllib.error.HTTPError as error:
        body, code = error.read(_BODY_LIMIT), FAILED
    except (OSError, ValueError) as error:
        print(f"hladina: no answer from {url}: {error}; is the house running there?", file=sys.stderr)
        return FAILED
    try:
        print(json.dumps(json.loads(body), indent=2, ensure_ascii=False))
    except ValueError:
        print(f"hladina: {url}/health is not a house of ours", file=sys.stderr)
        return FAILED
    return code
