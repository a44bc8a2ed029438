"""The rules of every series with their versions, worked out once per network. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from alerting.engine.rules import Rules, canonical, rules_of, version
from floodcore.network.above import above
from floodcore.network.model import Network, Station
from floodcore.quality.window import Sample
from floodcore.words import Quantity

# Later than any change.
EVER = datetime.max.replace(tzinfo=UTC)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Why:
    """Since when the limits were to hold, where they come from, who changed them and why; empty is not known."""

    valid_from: datetime | None = None
    source: str = ""
    author: str = ""
    reason: str = ""


NOBODY_SAID = Why()


@dataclass(frozen=True, slots=True)
class Versioned:
    """Rules, their canonical JSON and its hash; `told`: people are told at once, not so of a spare gauge.

    `residents`: they too, not so of rain unless the configuration says so.
    """

    rules: Rules
    version: str
    canonical: str
    told: bool
    residents: bool = True
    why: Why = NOBODY_SAID


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Rules by series and time; remembers what it worked out."""

    network: Network
    _known: dict[tuple[str, Quantity, datetime | None], Versioned] = field(default_factory=dict)
    _below: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, station_id: str, quantity: Quantity, at: datetime) -> Versioned:
        """The rules of a series for a sample of `at`; what changes later does not act yet."""
        station = self.network.stations.get(station_id)
        changes = () if station is None else station.changes
        since = max((change.valid_from for change in changes if change.valid_from <= at), default=None)
        found = self._known.get((station_id, quantity, since))
        if found is None:
            then = station if station is None or since is None else station.at(since)
            network = self.network if then is None else Network(stations={station_id: then})
            rules = rules_of(network, station_id, quantity)
            told = rules.told and (then is None or then.spare_for is None)
            residents = rules.rain is None or _residents(then)
            found = Versioned(rules, version(rules), canonical(rules), told, residents, _why(then, rules, since))
            self._known[station_id, quantity, since] = found
        return found

    def history(self, station_id: str, quantity: Quantity) -> tuple[tuple[str, str], ...]:
        """All rules a series has by the files: since when, and the version."""
        station = self.network.stations.get(station_id)
        since = [_BEGINNING, *(() if station is None else sorted(change.valid_from for change in station.changes))]
        return tuple((at.isoformat(), self.of(station_id, quantity, at).version) for at in since)

    def below(self, station_id: str) -> tuple[str, ...]:
        """The stations whose forecast looks at this one."""
        if not self._below:
            found: dict[str, list[str]] = {}
            for name in self.network.stations:
                for upper in above(name, self.network.stations):
                    found.setdefault(upper, []).append(name)
            self._below.update({"": (), **{upper: tuple(names) for upper, names in found.items()}})
        return self._below.get(station_id, ())

    def until(self, station_id: str, quantity: Quantity, at: datetime) -> tuple[Versioned, datetime]:
        """The rules of a series for a sample of `at`, and the last moment they hold for."""
        station = self.network.stations.get(station_id)
        changes = () if station is None else station.changes
        end = min((c.valid_from for c in changes if c.valid_from > at), default=None)
        return self.of(station_id, quantity, at), EVER if end is None else end - timedelta.resolution

    def next(
        self, station_id: str, quantity: Quantity, until: datetime | None, samples: Sequence[Sample]
    ) -> tuple[Versioned, Sequence[Sample]]:
        """The rules by which the new `samples` are judged first, and those of them that are.

        `until` is the newest sample judged. A limit holds from the observation time its change names. What was judged
        by later rules stays so, and a late sample from before them is for the record only (ADR 0016). So the rules
        change with the first sample, in the order of arrival, that lies behind the change: the same live, in any
        rounds, and in a rebuild.
        """
        station = self.network.stations.get(station_id)
        if station is None or not station.changes or not samples:
            return self.of(station_id, quantity, EVER if until is None else until), samples
        first = min(samples, key=_place).at
        at = first if until is None else max(first, until)
        ruled = self.of(station_id, quantity, at)
        later = [c.valid_from for c in station.changes if c.valid_from > at]
        behind = [each for each in samples if later and each.at >= min(later)]
        if not behind:
            return ruled, samples
        end = min(_place(each) for each in behind)
        return ruled, [each for each in samples if _place(each) < end]


def _place(sample: Sample) -> tuple[int, datetime]:
    """Where a sample stands in the order of arrival."""
    return sample.delivery, sample.at


def _why(station: Station | None, rules: Rules, since: datetime | None) -> Why:
    """Where the limits of these rules come from and, if they were changed, who changed them and why."""
    if station is not None and rules.rain is not None and station.rain_degrees is not None:
        return Why(source=", ".join(dict.fromkeys(each.source for each in station.rain_degrees.sums)))
    if station is None or not rules.limits:
        return NOBODY_SAID
    limits = station.limits_of(rules.quantity)
    source = "" if limits is None else limits.source
    changes = [c for c in station.changes if c.limits is limits and since is not None and c.valid_from <= since]
    if not changes:
        return Why(source=source)
    return Why(changes[-1].valid_from, source, changes[-1].author, changes[-1].reason)


def _residents(station: Station | None) -> bool:
    return station is not None and station.rain_degrees is not None and station.rain_degrees.residents
