"""How fast single rivers go, learnt from a record and read back from its file (floodcore.quality.rates)."""

from collections.abc import Mapping
from pathlib import Path

from floodcore.network import own_rates
from floodcore.network.load import schema
from floodcore.network.structure import structure_faults
from floodcore.network.tree import parse
from floodcore.quality.pace import shares
from floodcore.quality.rates import Learnt, learn
from floodcore.quality.window import CHECKED
from floodcore.words import Flag
from hladina.judged import Outcome
from hladina.records import Record
from hladina.station_list import InputError, Recorded


def learnt(station: Recorded, record: Record, outcome: Outcome) -> Learnt | None:
    """The rates of one station from what the live engine believed of its record; None if that is too little.

    What was called a spike or a moved zero afterwards teaches nothing.
    """
    if station.quantity not in CHECKED:
        return None
    told = zip(record.at, record.value, outcome.verdicts.values(), strict=True)
    good = [(at, v) for at, v, verdict in told if v is not None and verdict.flag is Flag.GOOD]
    at, value = [moment for moment, _ in good], [v for _, v in good]
    return learn(at, shares(at, value, station.quantity))


def read(path: Path, stations: Mapping[str, Recorded]) -> own_rates.Learned:
    """The rates of a file that `hladina rates` made.

    Raises:
        InputError: with every fault of it.
        OSError: it cannot be read.
    """
    tree, faults = parse(path.read_text(encoding="utf-8"), path.name)
    if tree is not None:
        faults += structure_faults(tree, schema("rates"), path.name)
        faults += own_rates.rates_faults(tree, {key: (one.quantity,) for key, one in stations.items()}, path.name)
    if tree is None or faults:
        raise InputError([str(fault) for fault in sorted(faults)])
    return own_rates.rates_of(tree)
