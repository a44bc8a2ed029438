"""The Saxon gauge layer (ArcGIS REST): one answer for all gauges. Pure.

Time rule: `DD.MM.YYYY HH:MM` of a wall clock whose offset stands beside it in `ZEITZONE`; without a usable
offset the row is refused. A null is no reading, never 0. An answer cut off by the server (`exceededTransferLimit`) and
an error inside a 200 are faults. docs/sources/saxony.md.
"""

from datetime import UTC, datetime

from collectors.documents import Json, document, field, fields, ours, rows, word
from collectors.faults import DecodeError
from collectors.numerals import number
from collectors.source import Ask, Decoded, Offer, Polled, Profile, Published, Source, Way, one_for_all, tried
from collectors.walltime import dotted
from floodcore.units import to_canonical
from floodcore.words import Degree, Quantity, Reading

_PATH = (
    "/arcgis/rest/services/wasser/pegelnetz/MapServer/1/query"
    "?f=json&where=1=1&outFields=*&returnGeometry=true&outSR=4326"
)
_FIELDS = (("PEG_WASSERSTAND", Quantity.LEVEL, "cm"), ("PEG_DURCHFLUSS", Quantity.DISCHARGE, "m3/s"))
_STAGES = (Degree.VIGILANCE, Degree.READINESS, Degree.EMERGENCY, Degree.EXTREME)  # Alarmstufen 1-4, not SPA


def decode(body: bytes, ask: Ask, _now: datetime) -> Decoded:
    """Level and discharge of the gauges asked for.

    Raises:
        DecodeError: no answer of the layer, or one that was cut off.
    """
    readings: list[Reading] = []
    faults: list[str] = []
    for address, row in ours(_gauges(body), "PEG_MSTNR", ask.stations.keys()):
        try:
            readings += _of_gauge(row, ask.stations[address], faults)
        except DecodeError as error:
            faults.append(f"{address}: {error}")
    return Decoded(tuple(readings), tuple(faults))


def _gauges(body: bytes) -> list[dict[str, Json]]:
    answer = fields(document(body, "an answer of the gauge layer"), "the answer")
    if "error" in answer:
        message = f"the layer answered with an error: {str(answer['error'])[:200]}"
        raise DecodeError(message)
    if answer.get("exceededTransferLimit") is True:
        message = "the layer cut its answer off: gauges are missing"
        raise DecodeError(message)
    return [fields(each.get("attributes"), "attributes") for each in rows(answer.get("features"), "features")]


def _of_gauge(row: dict[str, Json], station_id: str, faults: list[str]) -> list[Reading]:
    found = []
    at: datetime | None = None
    for name, quantity, unit in _FIELDS:
        try:
            value = number(field(row, name), ",")
        except DecodeError as error:
            faults.append(f"{station_id} {name}: {error}")
            continue
        if value is None:
            continue
        at = _moment(row) if at is None else at
        found.append(Reading(station_id, quantity, at, to_canonical(quantity, value, unit), value, unit))
    return found


def _moment(row: dict[str, Json]) -> datetime:
    wall = dotted(row.get("PEG_WERTZEITSTEMPEL_CHAR"))
    try:
        moment = datetime.fromisoformat(f"{wall.isoformat()}{word(row.get('ZEITZONE'))}")
        if moment.tzinfo is not None:  # a stamp without an offset is refused, as any other
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = f"time zone {str(row.get('ZEITZONE'))[:20]!r} is no offset"
    raise DecodeError(message)


def profiles(body: bytes) -> list[Profile]:
    """The guide levels of the Alarmstufen (cm) that the same answer carries.

    Raises:
        DecodeError: as `decode`.
    """
    return [Profile(word(row.get("PEG_MSTNR")), word(row.get("PEG_NAME")), _stages(row)) for row in _gauges(body)]


def _stages(row: dict[str, Json]) -> dict[Degree, float]:
    found = {}
    for stage, degree in enumerate(_STAGES, start=1):
        try:
            value = number(row.get(f"PEG_AS{stage}"), ",")
        except DecodeError:
            continue
        if value is not None:
            found[degree] = value
    return found


POLLED = Polled(
    Source(
        name="saxony",
        title="Saxony, gauge layer (ArcGIS REST)",
        way=Way.POLLED,
        module="collectors/saxony.py",
        offers=(
            Offer("PEG_WASSERSTAND", Quantity.LEVEL, "cm"),
            Offer("PEG_DURCHFLUSS", Quantity.DISCHARGE, "m3/s"),
            Offer("PEG_AS1…4", None, "cm", "compared with our Alarmstufen, said when they differ"),
        ),
        time_rule="wall clock with its offset in ZEITZONE",
        probe=tried(decode, "660160"),
        to_confirm="that the layer numbers its gauges as the feeds do; which way may be used (ask LHWZ)",
    ),
    asks=one_for_all("pegelnetz", _PATH),
    decode=decode,
    interval_s=300.0,
    cap=4_000_000,
    published=Published("LfULG Sachsen", "alarmstufe", _PATH, profiles),
)
