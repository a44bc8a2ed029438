"""What `hladina check` prints. Pure: a result in, lines out."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from floodcore.network.faults import Checked
from floodcore.network.model import Network, Station
from floodcore.words import Language

_WIDTH = 100


def lines(checked: Checked) -> list[str]:
    """Every fault as `file:line: message`; then, when there is none, notices, a count and what is missing."""
    faults = [str(fault) for fault in checked.faults]
    if checked.network is None:
        return [*faults, f"{_counted(len(faults), 'fault')}; nothing is loaded until all are mended"]
    return [
        *faults,
        *([f"{_counted(len(faults), 'fault')}; the house starts without what was learnt"] if faults else []),
        *(str(replace(notice, message=f"notice: {notice.message}")) for notice in checked.notices),
        _summary(checked.network),
        *(line for fact in checked.missing for line in _listed(fact.fact, fact.stations)),
        *_left_to_people(checked.network),
    ]


def _left_to_people(network: Network) -> Iterator[str]:
    """The rules that no gauge judges, degree by degree, and whose they are."""
    for station in network.stations.values():
        for rule in station.by_person:
            yield f"by a person: {station.id}: degree {int(rule.degree)}: {rule.text(Language.EN)}"


def _summary(network: Network) -> str:
    synthetic = sum(station.synthetic for station in network.stations.values())
    counts = (
        (len(network.rivers), "river"),
        (len(network.stations), "station"),
        (len(network.places), "place"),
        (len(network.partners), "partner"),
    )
    countries = ", ".join(f"{country} {count}" for country, count in _by_country(network.stations.values()))
    invented = f"; {synthetic} synthetic" if synthetic else ""
    return f"{', '.join(_counted(number, word) for number, word in counts)} ({countries}{invented})"


def _by_country(stations: Iterable[Station]) -> list[tuple[str, int]]:
    countries = [station.country for station in stations]
    return [(country, countries.count(country)) for country in sorted(set(countries))]


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _listed(fact: str, stations: tuple[str, ...]) -> Iterator[str]:
    """`missing limits: 2 stations:` and the ids below, a screen wide."""
    yield f"missing {fact}: {_counted(len(stations), 'station')}:"
    line = "   "
    for station in stations:
        if len(line) + len(station) >= _WIDTH:
            yield line
            line = "   "
        line += f" {station}"
    yield line
