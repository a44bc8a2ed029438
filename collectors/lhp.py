"""The public interface of the German flood centres (LHP): a flood class for each gauge, and no level. Pure.

The class is kept as context on its own scale (-1 no data, 0 none … 4 very great flood) and never becomes a
level or a degree. Time rule: `YYYY-MM-DD HH:MM:SS` of Berlin's clock without an offset; a stamp stands
alone, so the hour that comes twice is the earlier one. docs/sources/lhp.md.
"""

from datetime import datetime

from collectors.documents import Json, document, fields, ours, rows, word
from collectors.faults import DecodeError, EmptyAnswerError
from collectors.source import Ask, Decoded, Offer, Polled, Source, Way, one_for_all, tried
from collectors.walltime import BERLIN, alone, dashed
from floodcore.context import GaugeClass

_NO_DATA, _HIGHEST = -1, 4


def decode(body: bytes, ask: Ask, _now: datetime) -> Decoded:
    """The classes of the gauges asked for; a gauge without `lhpClass` says nothing.

    Raises:
        EmptyAnswerError: a list without any gauge of Germany.
        DecodeError: no such document.
    """
    found = rows(fields(document(body, "a list of the flood centres"), "the document").get("data"), "data")
    if not found:
        message = "the list names no gauge at all"
        raise EmptyAnswerError(message)
    classes: list[GaugeClass] = []
    faults: list[str] = []
    for address, row in ours(found, "id", ask.stations.keys()):
        if row.get("lhpClass") is None:
            continue
        try:
            classes.append(_class(row, ask.stations[address]))
        except DecodeError as error:
            faults.append(f"{address}: {error}")
    return Decoded(faults=tuple(faults), classes=tuple(classes))


def _class(row: dict[str, Json], station_id: str) -> GaugeClass:
    grade = row.get("lhpClass")
    # The alerts of the same service carry another scale under the same name, as text: never take one for the other.
    if isinstance(grade, bool) or not isinstance(grade, int) or not _NO_DATA <= grade <= _HIGHEST:
        message = f"lhpClass {str(grade)[:20]!r} is none of the gauges' scale"
        raise DecodeError(message)
    at = alone(dashed(row.get("timestamp")), BERLIN)
    return GaugeClass(station_id, at, None if grade == _NO_DATA else grade, word(row.get("stateClassName"))[:80])


POLLED = Polled(
    Source(
        name="lhp",
        title="LHP PublicAPI (Germany), class only",
        way=Way.POLLED,
        module="collectors/lhp.py",
        offers=(Offer("lhpClass", None, "-1…4", "context: kept as a class, never a level"),),
        time_rule="Berlin wall clock, no offset; the earlier one of the repeated hour",
        probe=tried(decode, "SN_660160"),
        to_confirm="that LHP numbers the Saxon gauges as the feeds do; zone of the stamps",
    ),
    asks=one_for_all("stations", "/public/v1/data/stations?format=json"),
    decode=decode,
    interval_s=600.0,
    cap=4_000_000,
)
