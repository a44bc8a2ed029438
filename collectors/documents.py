"""JSON documents whose fields may be anything: read as plain values, each field checked where it is used. Pure."""

from collections.abc import Set as AbstractSet
from typing import TypeAlias

import msgspec

from collectors.faults import DecodeError, EmptyAnswerError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_MARK = b"\xef\xbb\xbf"  # some servers begin a text with it; JSON does not allow it
_decoder = msgspec.json.Decoder()


def document(body: bytes, what: str) -> Json:
    """The JSON value in `body`.

    Raises:
        EmptyAnswerError: there is nothing in it.
        DecodeError: it is no JSON; `what` names what was expected.
    """
    body = body.removeprefix(_MARK)
    if not body.strip():
        message = f"an empty body instead of {what}"
        raise EmptyAnswerError(message)
    try:
        found: Json = _decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        message = f"not {what}: {error}"
        raise DecodeError(message[:300]) from None
    return found


def rows(value: Json, what: str) -> list[dict[str, Json]]:
    """The objects of a list.

    Raises:
        DecodeError: it is no list; what in it is no object.
    """
    if not isinstance(value, list):
        message = f"{what} is {type(value).__name__}, not a list"
        raise DecodeError(message)
    found = [row for row in value if isinstance(row, dict)]
    if len(found) != len(value):
        message = f"{what} holds what is no object"
        raise DecodeError(message)
    return found


def fields(value: Json, what: str) -> dict[str, Json]:
    """The object itself.

    Raises:
        DecodeError: it is none.
    """
    if not isinstance(value, dict):
        message = f"{what} is {type(value).__name__}, not an object"
        raise DecodeError(message)
    return value


def word(value: Json) -> str:
    """An id as text, however it was written; empty when it is neither text nor a whole number."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18 else ""


def field(row: dict[str, Json], key: str) -> Json:
    """The value under `key`, which may be null but must be there.

    Raises:
        DecodeError: it is not: the shape has changed, which is no missing value.
    """
    if key not in row:
        message = f"there is no field {key}"
        raise DecodeError(message)
    return row[key]


def ours(found: list[dict[str, Json]], key: str, wanted: AbstractSet[str]) -> list[tuple[str, dict[str, Json]]]:
    """The rows about stations of ours, with the address.

    Raises:
        DecodeError: there are none, in a list that should hold all: its ids are no longer what they were. To go on
            would be silence without a fault.
    """
    rows_of_ours = [(address, row) for row in found if (address := word(row.get(key))) in wanted]
    if wanted and not rows_of_ours:
        message = f"none of {len(found)} rows is about a station of ours by its {key}"
        raise DecodeError(message)
    return rows_of_ours
