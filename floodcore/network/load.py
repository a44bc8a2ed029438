"""Reads and checks a folder of station files: the only place of the network that touches the disk.

    rivers.yaml  places.yaml  partners.yaml  region.yaml  sources.yaml  [exports.yaml]  [rates.yaml]  stations/*.yaml

Every file is checked against its schema (`schema/*.json` beside this module, published as
`station_configs/schema`), then all together against the rules of `rules.py`. All faults of all files
come at once; none of them is a traceback. What was learnt (`rates.yaml`) is usable whole or not at all,
and never keeps the house from starting: without it the generic rates stand.
"""

import json
import logging
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from floodcore.network import own_rates
from floodcore.network.build import measured, network_of
from floodcore.network.changes import change_faults
from floodcore.network.exports import export_faults
from floodcore.network.faults import Checked, ConfigurationError, Fault, Missing, suggestion
from floodcore.network.model import Network
from floodcore.network.mounting import Sensors, mounting_faults
from floodcore.network.rain_rules import rain_faults
from floodcore.network.rules import anomalies, entries_of, rule_faults
from floodcore.network.structure import Schema, structure_faults
from floodcore.network.tree import Node, parse

KINDS = ("rivers", "places", "partners", "region", "sources", "exports", "rates", "stations")
_SINGLE = tuple(f"{kind}.yaml" for kind in KINDS if kind != "stations")
# The largest file of the Liberec Region has 400 lines (15 kB); a file twenty times that is a mistake.
MAX_BYTES = 300_000
# Made by the house, some 175 bytes for each series: ten thousand of them.
MAX_RATES_BYTES = 2_000_000
_MAY_BE_EMPTY = {"places", "partners"}
_OPTIONAL = {"exports.yaml", own_rates.FILE}
# What stations learnt is checked by those who foresee with it (`hladina check`).
_BESIDE = {"schema", "stations", "trained.json"}

_log = logging.getLogger("hladina.network")


def read(folder: Path, sensors: Sensors | None = None) -> Network:
    """The network described in `folder`; `sensors` as in `check`. Rates that cannot be used are said in the log.

    Raises:
        ConfigurationError: with every fault of every file.
    """
    checked = check(folder, sensors)
    if checked.network is None:
        raise ConfigurationError(checked.faults)
    for fault in checked.faults:
        _log.error("%s", fault)
    if checked.faults:
        _log.error("%s is not used: every gauge is judged by the generic rates", own_rates.FILE)
    return checked.network


def check(folder: Path, sensors: Sensors | None = None) -> Checked:
    """Everything that can be said about `folder`. Never raises for what the folder holds.

    `sensors` are the decoders there are, each with the offset it needs; None judges no sensor, since
    the floor does not know what the collectors can read.
    """
    paths, reason = _listed(folder)
    if reason:
        return Checked(
            None, (Fault(str(folder), 0, f"cannot be read: {reason}; name the folder of the station files"),)
        )
    faults = list(_strangers(folder, paths))
    trees: dict[str, Node] = {}
    expected = _expected(folder)
    for file in expected:
        tree, found = _tree(folder, file)
        faults += found
        if tree is not None:
            trees[file] = tree
            faults += structure_faults(tree, schema(_kind(file)), file)
    entries = entries_of(trees)
    unread = {_kind(file) for file in expected if file not in trees}
    faults += rule_faults(entries, unread)
    faults += mounting_faults(entries, sensors)
    faults += rain_faults(entries)
    faults += change_faults(entries)
    faults += export_faults(entries)
    if own_rates.FILE in trees:
        faults += own_rates.rates_faults(trees[own_rates.FILE], measured(entries))
    said = tuple(sorted(set(faults)))
    if any(fault.file != own_rates.FILE for fault in said):
        return Checked(None, said)
    if said:
        trees.pop(own_rates.FILE, None)
    network = network_of(entries, trees)
    return Checked(network, said, missing(network), tuple(anomalies(entries)))


def missing(network: Network) -> tuple[Missing, ...]:
    """Which facts are not known, fact by fact, with the ids of the stations."""
    facts: dict[str, list[str]] = {}
    for station in network.stations.values():
        for fact in station.missing:
            facts.setdefault(fact, []).append(station.id)
    return tuple(Missing(fact, tuple(stations)) for fact, stations in facts.items())


@cache
def schema(kind: str) -> Schema:
    """The published schema of one kind of file, such as `rivers`."""
    text = files("floodcore.network").joinpath("schema", f"{kind}.json").read_text(encoding="utf-8")
    found: Schema = json.loads(text)
    return found


def _kind(file: str) -> str:
    return "stations" if file.startswith("stations/") else file.removesuffix(".yaml")


def _expected(folder: Path) -> list[str]:
    """The files to read: each single one, there or not, and whatever stands in stations/."""
    paths, _ = _listed(folder / "stations")
    single = [file for file in _SINGLE if file not in _OPTIONAL or (folder / file).exists()]
    return [*single, *(f"stations/{path.name}" for path in paths if path.suffix == ".yaml")]


def _strangers(folder: Path, paths: list[Path]) -> Iterator[Fault]:
    """Files nobody would read: a station in the wrong place must not be silently ignored."""
    for path in paths:
        if path.name not in {*_SINGLE, *_BESIDE} and path.suffix != ".md":
            yield Fault(path.name, 0, f"would not be read; remove or rename it{suggestion(path.name, _SINGLE)}")
    inside, reason = _listed(folder / "stations")
    if reason:
        yield Fault("stations", 0, f"cannot be read: {reason}; station files stand in this folder")
    elif not any(path.suffix == ".yaml" for path in inside):
        yield Fault("stations", 0, "holds no station file; write at least one, such as stations/smeda.yaml")
    for path in inside:
        if path.suffix not in {".yaml", ".md"}:
            yield Fault(f"stations/{path.name}", 0, "would not be read; station files end in .yaml")


def _listed(folder: Path) -> tuple[list[Path], str]:
    """The visible files of `folder` by name, and why there are none."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".")), ""
    except OSError as error:
        return [], error.strerror or type(error).__name__


def _tree(folder: Path, file: str) -> tuple[Node | None, list[Fault]]:
    text = _text(folder / file, file)
    return (None, [text]) if isinstance(text, Fault) else parse(text, file)


def _text(path: Path, file: str) -> str | Fault:
    """The text of one file, or why there is none."""
    most = MAX_RATES_BYTES if file == own_rates.FILE else MAX_BYTES
    try:
        if path.exists() and not path.is_file():
            return Fault(file, 0, "is no regular file")
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as error:
        hint = f"; where there is nothing to say, write `{_kind(file)}: []`" if _kind(file) in _MAY_BE_EMPTY else ""
        return Fault(file, 0, f"cannot be read: {error.strerror}{hint}")
    if len(content) > most:
        return Fault(file, 0, f"is larger than {most} bytes; split it, or is it the wrong file?")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Fault(file, line, f"is not UTF-8 (byte 0x{content[error.start]:02x}); save it as UTF-8")
