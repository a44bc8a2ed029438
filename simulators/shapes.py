"""How other services write what their gauges say: JSON. Pure; no decoder of ours is looked at here.

Each function takes the visible rows of the series that a request is about and gives the body. Values come in
the canonical unit and leave in the source's own.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from floodcore.words import Quantity

# The links that the public services of `simulators.open_data` feed.
PUBLIC = frozenset(
    {
        "chmu_rain",
        "hpps",
        "povodi_labe",
        "povodi_ohre",
        "saxony",
        "saxony_rss",
        "lhp",
        "imgw",
        "pegelonline",
        "hubeau",
        "ea",
    }
)
_BERLIN, _WARSAW = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Warsaw")
_WINTER = "+01:00"


@dataclass(frozen=True, slots=True)
class Shown:
    """One series as the outside sees it now: `rows` are time (aware UTC) and value, the newest last."""

    address: str
    quantity: Quantity
    rows: tuple[tuple[datetime, float | None], ...]

    @property
    def newest(self) -> tuple[datetime, float | None] | None:
        """The last row, None before the first."""
        return self.rows[-1] if self.rows else None


def by_address(shown: Iterable[Shown]) -> dict[str, dict[Quantity, Shown]]:
    """The series of each gauge."""
    found: dict[str, dict[Quantity, Shown]] = {}
    for series in shown:
        found.setdefault(series.address, {})[series.quantity] = series
    return found


def zulu(at: datetime) -> str:
    """UTC with `Z`, whole seconds."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def plain(value: float | None, digits: int = 4) -> float | str | None:
    """Whole numbers without a fraction; no-numbers as text, to keep the document JSON."""
    if value is None:
        return None
    if math.isnan(value):
        return "NaN"
    return int(value) if value == int(value) else round(value, digits)


def _body(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def chmu_rain(shown: Sequence[Shown], _now: datetime) -> bytes:
    """A day of ten-minute sums of one gauge."""
    rows = [
        [series.address, "SRA10M", zulu(at), plain(value), "", 0]
        for series in shown
        if series.quantity is Quantity.RAIN
        for at, value in series.rows
    ]
    table = {"header": "STATION,ELEMENT,DT,VAL,FLAG,QUALITY", "values": rows}
    envelope = {"zaznamID": "simulator", "datovyZdrojID": "simulator", "datovyTokID": "simulator"}
    written = max((str(row[2]) for row in rows), default="")  # so that an unchanged file is the same file
    stamped = {"datumVytvoreni": written, "verzeDat": "1.0"}
    return _body(envelope | stamped | {"data": {"type": "DataCollection", "data": table}})


def saxony(shown: Sequence[Shown], _now: datetime) -> bytes:
    """All gauges of the layer with their newest values; the offset stands beside the stamp, winter time all year."""
    features = []
    for address, series in by_address(shown).items():
        level, flow = _newest(series, Quantity.LEVEL), _newest(series, Quantity.DISCHARGE)
        at = max((row[0] for row in (level, flow) if row is not None), default=None)
        wall = None if at is None else at.astimezone(datetime.fromisoformat(f"2026-01-01T00:00{_WINTER}").tzinfo)
        attributes = {
            "PEG_MSTNR": address,
            "PEG_NAME": f"Simulator {address}",
            "WLV_GEWAESSER": "Simulator",
            "PEG_WASSERSTAND": _at(level, at),
            "PEG_DURCHFLUSS": _at(flow, at),
            "PEG_WERTZEITSTEMPEL_CHAR": None if wall is None else f"{wall:%d.%m.%Y %H:%M}",
            "ZEITZONE": _WINTER,
            "TENDENZ": "gleichbleibend",
            "PEG_STATUS": "1",
        }
        features.append({"attributes": attributes, "geometry": {"x": 15.0, "y": 51.0}})
    return _body({"displayFieldName": "PEG_NAME", "features": features})


def _newest(series: dict[Quantity, Shown], quantity: Quantity) -> tuple[datetime, float | None] | None:
    return series[quantity].newest if quantity in series else None


def _at(row: tuple[datetime, float | None] | None, at: datetime | None) -> float | str | None:
    """The value if it is of `at`: the layer has one stamp for all."""
    return None if row is None or row[0] != at else plain(row[1])


def lhp(shown: Sequence[Shown], _now: datetime) -> bytes:
    """A class for every gauge, invented from nothing but that it speaks: 0."""
    stations = [
        {
            "kind": "Station",
            "id": series.address,
            "coordinates": [15.0, 51.0],
            "name": f"Simulator {series.address}",
            "timestamp": f"{series.newest[0].astimezone(_BERLIN):%Y-%m-%d %H:%M:%S}",
            "lhpClass": 0,
            "stateClassName": "kein Hochwasser (erfunden)",
            "stateId": "DE-SN",
        }
        for series in shown
        if series.quantity is Quantity.LEVEL and series.newest is not None
    ]
    other = {"kind": "Station", "id": "BB_0", "timestamp": "2026-01-01 00:00:00", "lhpClass": -1, "stateId": "DE-BB"}
    return _body({"stateLinks": {}, "data": [*stations, other]})


def imgw(shown: Sequence[Shown], _now: datetime) -> bytes:
    """All gauges, everything as text, each quantity with its own stamp of Warsaw's clock."""
    names = {
        Quantity.LEVEL: ("stan_wody", "stan_wody_data_pomiaru"),
        Quantity.DISCHARGE: ("przeplyw", "przeplyw_data"),
        Quantity.WATER_TEMPERATURE: ("temperatura_wody", "temperatura_wody_data_pomiaru"),
    }
    rows = []
    for address, series in by_address(shown).items():
        row: dict[str, str | None] = {"id_stacji": address, "stacja": f"Simulator {address}", "rzeka": "Simulator"}
        for quantity, (value_name, stamp_name) in names.items():
            newest = _newest(series, quantity)
            value = None if newest is None else plain(newest[1])
            row[value_name] = None if value is None else str(value)
            row[stamp_name] = None if newest is None else f"{newest[0].astimezone(_WARSAW):%Y-%m-%d %H:%M:%S}"
        rows.append(row | {"zjawisko_lodowe": "0", "zjawisko_zarastania": "0"})
    return _body(rows)


def pegelonline(shown: Sequence[Shown], _now: datetime) -> bytes:
    """One station with the current measurement of each series."""
    names = {
        Quantity.LEVEL: ("W", "cm"),
        Quantity.DISCHARGE: ("Q", "m³/s"),
        Quantity.WATER_TEMPERATURE: ("WT", "°C"),
    }
    series = []
    for each in shown:
        if each.quantity not in names or each.newest is None:
            continue
        at, value = each.newest
        name, unit = names[each.quantity]
        stamp = at.astimezone(_BERLIN).isoformat(timespec="seconds")
        current = {"timestamp": stamp, "value": plain(value), "stateMnwMhw": "unknown", "stateNswHsw": "unknown"}
        series.append({"shortname": name, "unit": unit, "equidistance": 15, "currentMeasurement": current})
    address = shown[0].address
    return _body({"uuid": address, "number": address, "shortname": "SIMULATOR", "timeseries": series})


def hubeau(shown: Sequence[Shown], _now: datetime) -> bytes:
    """Observations of all stations, the newest first, in mm and l/s."""
    names = {Quantity.LEVEL: ("H", 10.0), Quantity.DISCHARGE: ("Q", 1000.0)}
    rows = [
        {
            "code_station": each.address,
            "grandeur_hydro": names[each.quantity][0],
            "date_obs": zulu(at),
            "resultat_obs": None if value is None else plain(value * names[each.quantity][1], 3),
        }
        for each in shown
        if each.quantity in names
        for at, value in each.rows
    ]
    rows.sort(key=lambda row: str(row["date_obs"]), reverse=True)
    return _body({"count": len(rows), "first": None, "next": None, "data": rows})


def ea(shown: Sequence[Shown], _now: datetime) -> bytes:
    """The latest reading of every measure; quantity and unit stand in its address only."""
    names = {
        Quantity.LEVEL: ("level-stage-i-15_min-mASD", 0.01),
        Quantity.DISCHARGE: ("flow--i-15_min-m3_s", 1.0),
        Quantity.RAIN: ("rainfall-tipping_bucket_raingauge-t-15_min-mm", 1.0),
    }
    root = "http://environment.data.gov.uk/flood-monitoring"
    items = []
    for each in shown:
        if each.quantity not in names or each.newest is None:
            continue
        (at, value), (name, factor) = each.newest, names[each.quantity]
        measure = f"{root}/id/measures/{each.address}-{name}"
        told = None if value is None else plain(value * factor, 6)
        items.append({"@id": f"{root}/data/readings/x", "dateTime": zulu(at), "measure": measure, "value": told})
    return _body({"@context": "simulator", "meta": {}, "items": items})
