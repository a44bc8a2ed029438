"""Who answers for a rise that is not proved: people, a gauge beside it, the rain. Pure (ADR 0020).

It is the reverse of `floodcore.quality.beside.alone`: there nothing that moved casts a doubt, here what moved proves.
All numbers are judged.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from alerting.engine.lifecycle import Reason
from alerting.engine.proof import Proof
from floodcore.network.model import Network, Station
from floodcore.quality.grid import within_km
from floodcore.store.doubts import Word
from floodcore.store.notes import Note
from floodcore.words import Cause, Quantity

# A gauge of the same river answers if it rose within two hours of the leap by a fifth of it, 10 cm at least and no more
# than 60; rain if so much fell into one gauge within 20 km in the three hours before or the hour after.
AROUND = timedelta(hours=2)
_SHARE, _LEAST_CM, _ENOUGH_CM = 0.2, 10.0, 60.0
RAIN_BEFORE, _RAIN_AFTER = timedelta(hours=3), timedelta(hours=1)
_RAIN_MM = 15.0
_WET_KM = 20.0
# Who names one of these as the cause says that it is water.
_WATER = frozenset({Cause.NATURAL, Cause.RELEASE, Cause.ICE, Cause.WEED, Cause.BACKWATER})

# Who names one of these says that the gauge is not to be believed, and has looked.
_GAUGE = frozenset({Cause.SENSOR, Cause.DESTROYED, Cause.WORKS})

# Officers are reminded an hour after the leap, and every three hours from then on.
FIRST_REMINDER = timedelta(hours=1)
NEXT_REMINDER = timedelta(hours=3)


def answers(
    network: Network,
    station_id: str,
    proof: Proof,
    notes: Iterable[Note],
    words: Sequence[Word],
    unproved: Collection[str],
) -> tuple[Reason, str] | None:
    """Why a leap is water, and who says so; None while nobody does.

    `words` are levels and rain from `RAIN_BEFORE` before the leap to `AROUND` after it, of the stations `asked` at
    least; `unproved` the stations that answer for nobody.
    """
    for note in notes:
        if note.cause in _WATER and note.recorded_at >= proof.since:
            return Reason.CONFIRMED, note.author
    own = network.stations.get(station_id)
    if own is None:
        return None
    others = [
        one for one in network.stations.values() if one.id not in {station_id, *unproved} and _one_river(own, one)
    ]
    least = min(max(_LEAST_CM, _SHARE * proof.leap), _ENOUGH_CM)
    rose = _by_station(words, Quantity.LEVEL, proof.since - AROUND, proof.since + AROUND)
    found = next((one for one in others if _risen(rose.get(one.id, ())) >= least), None)
    if found is not None:
        return Reason.NEIGHBOUR, found.id
    fell = _by_station(words, Quantity.RAIN, proof.since - RAIN_BEFORE, proof.since + _RAIN_AFTER)
    wet = next((name for name in sorted(fell) if sum(fell[name]) >= _RAIN_MM and _near(network, own, name)), None)
    return None if wet is None else (Reason.RAIN, wet)


def asked(network: Network, stations: Collection[str]) -> dict[str, frozenset[str]]:
    """Whose words `answers` needs for each of `stations`: its own, of its river or linked with it, within 20 km."""
    every = list(network.stations.values())
    near = within_km([one.lat for one in every], [one.lon for one in every], _WET_KM)
    return {
        own.id: frozenset(
            other.id
            for other, close in zip(every, row.tolist(), strict=True)
            if close or other is own or _one_river(own, other)
        )
        for own, row in zip(every, near, strict=True)
        if own.id in stations
    }


def reminder(proof: Proof, now: datetime) -> datetime | None:
    """When officers were to be reminded last; None if it is not time yet."""
    since = now - proof.since - FIRST_REMINDER
    return None if since < timedelta(0) else proof.since + FIRST_REMINDER + since // NEXT_REMINDER * NEXT_REMINDER


def looked_at(proof: Proof, notes: Iterable[Note]) -> bool:
    """Whether people said since the leap that it is the gauge's: they need no reminder while that holds."""
    return any(note.cause in _GAUGE and note.recorded_at >= proof.since for note in notes)


def _by_station(
    words: Sequence[Word], quantity: Quantity, start: datetime, end: datetime
) -> Mapping[str, Sequence[float]]:
    found: dict[str, list[float]] = {}
    for word in words:
        if word.quantity == quantity and start < word.at <= end:
            found.setdefault(word.station_id, []).append(word.value)
    return found


def _risen(values: Sequence[float]) -> float:
    """By how much the last three values all stand above the lowest before them: a single one is no rise."""
    return min(values[-3:]) - min(values[:-3]) if len(values) > 3 else 0.0  # noqa: PLR2004  # three and one before


def _one_river(one: Station, other: Station) -> bool:
    return (one.river is not None and one.river == other.river) or one.id in other.upstream or other.id in one.upstream


def _near(network: Network, own: Station, name: str) -> bool:
    other = network.stations.get(name)
    return other is not None and bool(within_km([own.lat, other.lat], [own.lon, other.lon], _WET_KM)[0, 1])
