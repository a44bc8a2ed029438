"""What `--train` taught, as a file: stations.json, versioned by its content, with what it was learnt from."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alerting.engine import forecast_odds
from alerting.engine.forecast_decision import HORIZONS_MIN
from alerting.engine.forecast_local import RAIN_SPANS, SPANS
from alerting.engine.forecast_odds import REACHES_MIN
from alerting.engine.forecast_trained import FORMAT, Facts, Trained, TrainedError, parse, version_of
from hladina.neighbours import above
from hladina.station_list import InputError, Recorded
from hladina.training import FEWEST_EVENTS, Learned


def document(
    learned: Mapping[str, Learned | None], stations: Mapping[str, Recorded], files: Sequence[Path], odds_version: str
) -> dict[str, object]:
    """The file as JSON values; `version` is the hash of all the rest."""
    body: dict[str, object] = {
        "format": FORMAT,
        "odds": odds_version,
        "learnt_from": [{"file": path.name, "sha256": _hash(path)} for path in files],
        "reaches_min": list(REACHES_MIN),
        "horizons_min": list(HORIZONS_MIN),
        "spans_10min": {"upstream": SPANS, "rain": RAIN_SPANS},
        "stations": {key: _station(stations[key], stations, one) for key, one in learned.items() if one is not None},
        "too_few_floods": {key: f"fewer than {FEWEST_EVENTS}" for key, one in learned.items() if one is None},
    }
    return {"version": version_of(body), **body}


def written(document: Mapping[str, object]) -> str:
    """The document as the text of its file."""
    return json.dumps(document, indent=1) + "\n"


def read(text: bytes, stations: Mapping[str, Recorded], name: str) -> Trained:
    """What a file called `name` teaches of the stations of a list.

    Raises:
        InputError: it is damaged, or of others; with what to do.
    """
    known = {key: Facts(one.quantity, above(key, stations)) for key, one in stations.items()}
    try:
        return parse(text, known, forecast_odds.generic().version)
    except TrainedError as error:
        raise InputError([f"{name}: {fault}" for fault in error.faults]) from None


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _station(station: Recorded, stations: Mapping[str, Recorded], one: Learned) -> dict[str, object]:
    local = one.local
    return {
        "quantity": str(station.quantity),
        "upstream": list(above(station.id, stations)),
        "rain_gauges": list(station.rain_gauges),
        "events": one.events,
        "moments": one.moments,
        "from": datetime.fromtimestamp(one.begin, UTC).isoformat(),
        "to": datetime.fromtimestamp(one.end, UTC).isoformat(),
        "lag_min": one.lag_min,
        "gain": {key: round(value, 3) for key, value in one.gain.items()},
        "rise": [_short(row) for row in local.rise],
        "change": [_short(row) for row in local.change],
        "share": _short(local.share),
        "stretch": _short(local.stretch),
        "push": _short(local.push),
        "shift": _short(local.shift),
    }


def _short(values: NDArray[np.float64]) -> list[float]:
    return [float(f"{value:.5g}") for value in values.tolist()]
