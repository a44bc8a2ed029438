"""The file of what stations learnt, read once at start: usable whole, or the house foresees by the generic forecast."""

import logging
from pathlib import Path

from alerting.engine import forecast_odds
from alerting.engine.forecast_trained import FILE, Facts, Trained, TrainedError, parse
from floodcore.network.above import above
from floodcore.network.model import Network, Station
from floodcore.words import Quantity

_log = logging.getLogger("hladina.foresee")


def faults(folder: Path, network: Network) -> list[str]:
    """Why the file in `folder` cannot be used; nothing where it can be, or there is none."""
    try:
        read(folder, network)
    except TrainedError as error:
        return [f"{FILE}: {fault}" for fault in error.faults]
    return []


def read(folder: Path, network: Network) -> Trained:
    """What stations learnt, from the file beside the station files; nothing if there is none.

    Raises:
        TrainedError: the file cannot be read or does not fit.
    """
    try:
        text = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return Trained()
    except OSError as error:
        raise TrainedError([f"cannot be read: {error.strerror or error}; mend that, or take the file away"]) from None
    return parse(text, known(network), forecast_odds.generic().version)


def at_start(folder: Path, network: Network) -> Trained:
    """What stations learnt; a file that cannot be used is said in the log, and the house starts without."""
    try:
        trained = read(folder, network)
    except TrainedError as error:
        for fault in error.faults:
            _log.error("%s: %s", FILE, fault)
        _log.error("%s is not used: every gauge is foreseen by the generic forecast", FILE)
        return Trained()
    if trained.stations:
        _log.info("%d stations are foreseen by what they learnt, version %s", len(trained.stations), trained.version)
    return trained


def known(network: Network) -> dict[str, Facts]:
    """The stations of the files, as what they learnt has to fit them."""
    return {
        key: Facts(_quantity(station), tuple(above(key, network.stations))) for key, station in network.stations.items()
    }


def _quantity(station: Station) -> Quantity:
    """The quantity a station is judged by; of one without limits that of the level, else what it measures first."""
    limits = station.limits_of(Quantity.LEVEL) or station.limits_of(Quantity.DISCHARGE)
    if limits is not None:
        return limits.quantity
    return Quantity.LEVEL if Quantity.LEVEL in station.quantities else station.quantities[0]
