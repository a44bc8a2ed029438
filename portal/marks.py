"""From rows to marks: what the map, the table and the pages show of one station. Pure.

Reached, expected and declared stand apart in every mark. A station of the network that never sent
has a mark too, because a missing gauge must be seen. What a mark says about freshness holds at one
moment; `freshness_at` says it for another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from floodcore.freshness import GRACE, allowed_silence, freshness, lag
from floodcore.network.above import RISE_SEEN_FOR, above
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.store.context import Graded
from floodcore.store.doubts import DoubtView, lowered
from floodcore.store.foresight import ForesightView, Told
from floodcore.store.notes import Note
from floodcore.store.views import DegreeView, SeriesView
from floodcore.words import Cause, Degree, Flag, Freshness, Quantity, Trend

# The quantity a station is known by: the level binds, the discharge is auxiliary.
_PRECEDENCE = (Quantity.LEVEL, Quantity.DISCHARGE, Quantity.RAIN, Quantity.WATER_TEMPERATURE, Quantity.BATTERY)
# Below the least "possible" of the pages' words (portal.ahead).
_IMPROBABLE = 0.2
_UNLISTED_INTERVAL = timedelta(minutes=10)
_CANONICAL_ORDER = {quantity.value: rank for rank, quantity in enumerate(_PRECEDENCE)}


@dataclass(frozen=True, slots=True)
class Turns:
    """When a mark stops being fresh, and when it falls silent. Aware UTC."""

    late_at: datetime
    silent_at: datetime


@dataclass(frozen=True, slots=True)
class Water:
    """The last temperature of the water, in °C, and when it was taken."""

    celsius: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected, as the newest forecast has it: probability within `horizon_min` of `at`, and when.

    `current` False: there is no forecast any more that could bear it out, and this is what was told. `warned` False:
    the newest forecast no longer warns of it, and it is not yet withdrawn.
    """

    degree: int
    at: datetime
    probability: float
    horizon_min: int
    expected_at: datetime
    earliest_at: datetime
    latest_at: datetime
    current: bool
    warned: bool

    @property
    def fading(self) -> bool:
        """Not yet withdrawn, though no longer warned of, or only since the water has not turned (ADR 0026)."""
        return self.current and (not self.warned or self.probability < _IMPROBABLE)


@dataclass(frozen=True, slots=True)
class Mark:
    """One station as shown. `value` is in `unit`; `until` None = it never sent.

    `scheme` says whose degrees `degree_reached` counts: "spa", "alarmstufe", "imgw", or "rain" for limits of rain sums.
    `reached_since` is the time of the event that brought the degree, `declared_*` the authority's word.
    `lag` is how late the source itself is. `degree_expected` is the degree people were told to expect, None if
    none above the reached one; `foresight` the newest forecast and what was told of it. `notes` are what
    people report about the gauge, the newest first, `pair` the other gauge of a site with a spare (ADR 0014).
    `doubts` are those between series upon anything the station measures, open when the mark was made (ADR 0012).
    `classes` are what other services say of the gauge, on their own scales (ADR 0025). `source` is whence the value
    came, `unproved` why the degree reached is not verified (ADR 0020), `water` the temperature of the water where it
    is measured. `expected_unproved`: what is expected rests on a rise, here or above, that is not verified (ADR 0029).
    """

    station: Station
    quantity: Quantity
    unit: str
    scheme: str
    degree_reached: int | None
    degree_declared: int | None
    degree_expected: int | None
    value: float | None
    observed_at: datetime | None
    trend: Trend
    trend_per_hour: float | None
    flag: int
    test: str
    reached_since: datetime | None = None
    declared_at: datetime | None = None
    declared_by: str = ""
    lag: timedelta = timedelta(0)
    foresight: ForesightView | None = None
    notes: tuple[Note, ...] = ()
    pair: "Mark | None" = None
    doubts: tuple[DoubtView, ...] = ()
    classes: tuple[Graded, ...] = ()
    source: str = ""
    water: "Water | None" = None
    unproved: str = ""
    expected_unproved: bool = False

    def counts_at(self, now: datetime) -> bool:
        """Whether this is the reading of its site to go by: the main one's, unless it is lost and the spare is not."""
        if self.pair is None:
            return True
        if self.station.spare_for is None:
            return self._usable_at(now) or not self.pair._usable_at(now)  # noqa: SLF001  # its own kind
        return self._usable_at(now) and not self.pair._usable_at(now)  # noqa: SLF001  # its own kind

    def pair_word(self, now: datetime) -> str:
        """How it stands to the other gauge of its site: lost, fine, idle or instead; empty without one."""
        if self.pair is None:
            return ""
        if self.station.spare_for is None:
            return "fine" if self.counts_at(now) else "lost"
        return "instead" if self.counts_at(now) else "idle"

    def _usable_at(self, now: datetime) -> bool:
        destroyed = any(note.cause == Cause.DESTROYED for note in self.notes)
        # A doubt between series moves nobody to the spare: people are not told of it either (alerting.spare).
        return not destroyed and self._heard_at(now) in {Freshness.FRESH, Freshness.LATE}

    def freshness_at(self, now: datetime) -> Freshness:
        """How far the mark may be believed at `now`: what its own series says, lowered by a doubt upon that series."""
        return lowered(self._heard_at(now), doubted=bool(self._of_shown()))

    def doubted_by(self, now: datetime) -> tuple[DoubtView, ...]:
        """The doubts that alone make the mark doubtful at `now`; empty if none is needed for that."""
        return self._of_shown() if self._heard_at(now) in {Freshness.FRESH, Freshness.LATE} else ()

    def _of_shown(self) -> tuple[DoubtView, ...]:
        return tuple(doubt for doubt in self.doubts if doubt.quantity == self.quantity.value)

    def _heard_at(self, now: datetime) -> Freshness:
        """Freshness by the station's own series alone."""
        degree = _degree(self.degree_reached)
        shown = freshness(self.observed_at, self.station.interval, degree, now, Flag(self.flag), self.lag)
        missing = self.observed_at is not None and self.value is None
        return Freshness.DOUBTFUL if missing and shown in {Freshness.FRESH, Freshness.LATE} else shown

    @property
    def until(self) -> Turns | None:
        """The moments at which `freshness_at` changes by the passing of time alone; None = it never sent."""
        if self.observed_at is None:
            return None
        allowed = allowed_silence(_degree(self.degree_reached), self.station.interval)
        known_at = self.observed_at + self.lag
        return Turns(known_at + self.station.interval + GRACE, known_at + allowed)

    @property
    def told(self) -> Told | None:
        """What people were told to expect, if it is still ahead."""
        return self.foresight.told if self.foresight is not None and self.degree_expected is not None else None

    def expectation(self, now: datetime) -> Expectation | None:
        """What is expected at `now`; None if nothing was told that is still ahead."""
        told = self.told
        if told is None or self.foresight is None:
            return None
        newest = self.foresight.outlook
        limit = next((one for one in newest.limits if one.degree == told.degree), None) if newest is not None else None
        issued = self.foresight.issued_at
        if newest is None or limit is None or issued is None or not self.foresees_at(now):
            when = told.expected_at, told.earliest_at, told.latest_at
            return Expectation(
                told.degree, told.at, told.probability, told.horizon_min, *when, current=False, warned=True
            )
        when = limit.expected_at, limit.earliest_at, limit.latest_at
        figures = limit.probability[-1], newest.reaches_min[-1]
        return Expectation(told.degree, issued, *figures, *when, current=True, warned=limit.warned)

    @property
    def foresees_until(self) -> datetime | None:
        """Until when the newest forecast may be shown as current, as long as nothing doubts the gauge; None = none."""
        if self.foresight is None or self.foresight.issued_at is None or self.until is None:
            return None
        allowed = allowed_silence(Degree.NONE, self.station.interval)
        return min(self.until.silent_at, self.foresight.issued_at + self.lag + allowed)

    def foresees_at(self, now: datetime) -> bool:
        """Whether the newest forecast holds at `now`.

        A doubt between series takes nothing back that people were told to expect, yet from a doubted gauge
        nothing is said to be calm ahead.
        """
        until = self.foresees_until
        state = self.freshness_at(now) if self.degree_expected is None else self._heard_at(now)
        return until is not None and now <= until and state in {Freshness.FRESH, Freshness.LATE}

    def expected_at(self, now: datetime) -> int | None:
        """The expected degree as programs are told: 0 is a forecast that expects none, None is no forecast."""
        if self.degree_expected is not None:
            return self.degree_expected
        return int(Degree.NONE) if self.foresees_at(now) else None

    def limits(self) -> Limits | None:
        """The limits of the shown quantity."""
        return self.station.limits_of(self.quantity)


def marks(
    network: Network,
    series: Iterable[SeriesView],
    degrees: Iterable[DegreeView],
    foresights: Iterable[ForesightView] = (),
    notes: Iterable[Note] = (),
    doubts: Iterable[DoubtView] = (),
    graded: Iterable[Graded] = (),
) -> list[Mark]:
    """One mark for every station of the network, then for every unknown station that sends, by id.

    Stations that send but stand in no file are shown too (without coordinates): a reading that arrives
    is never hidden.
    """
    by_station: dict[str, list[SeriesView]] = {}
    for row in series:
        by_station.setdefault(row.station_id, []).append(row)
    newest = {(row.station_id, row.quantity, row.kind): row for row in degrees}
    stations = dict(network.stations)
    for station_id, rows in by_station.items():
        if station_id not in stations:
            stations[station_id] = _unlisted(station_id, rows)
    foreseen = {(row.station_id, row.quantity): row for row in foresights}
    noted: dict[str, tuple[Note, ...]] = {}
    for note in notes:
        noted[note.station_id] = (*noted.get(note.station_id, ()), note)
    doubted: dict[str, tuple[DoubtView, ...]] = {}
    for doubt in doubts:
        doubted[doubt.station_id] = (*doubted.get(doubt.station_id, ()), doubt)
    classed: dict[str, tuple[Graded, ...]] = {}
    for each in graded:
        classed[each.station_id] = (*classed.get(each.station_id, ()), each)
    plain = _reserved([_mark(stations[key], by_station.get(key, []), newest, foreseen) for key in sorted(stations)])
    return _paired(
        [
            replace(
                one,
                notes=noted.get(one.station.id, ()),
                doubts=(*one.doubts, *doubted.get(one.station.id, ())),
                classes=classed.get(one.station.id, ()),
            )
            for one in plain
        ]
    )


def _reserved(found: list[Mark]) -> list[Mark]:
    """The marks, with what is expected of rises that are not verified said to be so."""
    held = {one.station.id: one.reached_since for one in found if one.unproved}
    stations = {one.station.id: one.station for one in found}
    return [replace(one, expected_unproved=_rests_on(one, held, stations)) if held else one for one in found]


def _rests_on(mark: Mark, held: Mapping[str, datetime | None], stations: Mapping[str, Station]) -> bool:
    """Whether what people were told to expect rests on one of the rises `held` back, as for SMS and CAP."""
    told = mark.told
    if told is None:
        return False
    since = (held[name] for name in above(mark.station.id, stations) if name in held)
    return bool(mark.unproved) or any(at is None or at > told.at - RISE_SEEN_FOR for at in since)


def _paired(found: list[Mark]) -> list[Mark]:
    """The marks, main and spare gauges with each other."""
    by_id = {mark.station.id: mark for mark in found}
    mains = {one.station.id: one.station.spare_for for one in found if one.station.spare_for in by_id}
    other = mains | {main: spare for spare, main in mains.items()}
    return [replace(one, pair=by_id.get(other.get(one.station.id) or "")) for one in found]


def scheme_of(station: Station, quantity: Quantity) -> str:
    """Whose degrees those of `quantity` are: "rain" for limits of rain sums, unless the plan calls them SPA."""
    if quantity is Quantity.RAIN and station.rain_degrees is not None:
        return station.rain_degrees.scheme
    limits = station.limits_of(quantity)
    return limits.scheme if limits is not None else "spa"


def severity(mark: Mark, now: datetime) -> tuple[int, int, int, int, str]:
    """Sort key, worst first: degree, then what is expected, what is not believable, what rises, then the name."""
    shown = mark.freshness_at(now)
    doubt = 0 if shown in {Freshness.SILENT, Freshness.DOUBTFUL} else 2 if shown is Freshness.NEVER else 1
    degree = mark.degree_reached if mark.degree_reached is not None else -1
    declared = mark.degree_declared if mark.degree_declared is not None else -1
    rising = 0 if mark.trend is Trend.RISING and shown is not Freshness.NEVER else 1
    expected = mark.degree_expected if mark.degree_expected is not None else 0
    return (-max(degree, declared, 0), -expected, doubt, rising, mark.station.names.local)


def needs_eyes(mark: Mark, now: datetime) -> bool:
    """Whether the mark belongs in the short list: a degree reached, declared or expected, a silence, a doubt."""
    at_degree = max(mark.degree_reached or 0, mark.degree_declared or 0, mark.degree_expected or 0) > Degree.NONE
    return at_degree or mark.freshness_at(now) in {Freshness.SILENT, Freshness.DOUBTFUL}


def downstream(network: Network, station_id: str) -> list[Station]:
    """The next stations below `station_id`, by name."""
    below = [station for station in network.stations.values() if station_id in station.upstream]
    return sorted(below, key=lambda station: station.names.local)


def _mark(
    station: Station,
    rows: Sequence[SeriesView],
    newest: Mapping[tuple[str, str, str], DegreeView],
    foreseen: Mapping[tuple[str, str], ForesightView],
) -> Mark:
    quantity = _main_quantity(station, rows)
    row = next((row for row in rows if row.quantity == quantity.value), None)
    scheme = scheme_of(station, quantity)
    reached = newest.get((station.id, quantity.value, "reached"))
    declared = _declared(station.id, newest)
    degree = row.degree if row is not None else None
    foresight = foreseen.get((station.id, quantity.value))
    told = foresight.told if foresight is not None else None
    return Mark(
        station=station,
        quantity=quantity,
        unit=row.unit if row is not None else "",
        scheme=scheme,
        degree_reached=degree,
        degree_declared=declared.degree if declared is not None else None,
        degree_expected=told.degree if told is not None and told.degree > (degree or 0) else None,
        value=row.value if row is not None and row.observed_at is not None else None,  # no time, no value
        observed_at=row.observed_at if row is not None else None,
        trend=Trend(row.trend) if row is not None else Trend.UNKNOWN,
        trend_per_hour=row.trend_per_hour if row is not None else None,
        flag=row.flag if row is not None else Flag.GOOD,
        test=row.test if row is not None else "",
        reached_since=reached.at if reached is not None and degree == reached.degree else None,
        declared_at=declared.at if declared is not None else None,
        declared_by=declared.author if declared is not None else "",
        lag=_lag(row),
        foresight=foresight,
        source=row.source if row is not None else "",
        water=_water(rows),
        unproved="" if row is None else row.unproved,
        doubts=() if row is None else _unproved(row, reached),
    )


def _unproved(row: SeriesView, reached: DegreeView | None) -> tuple[DoubtView, ...]:
    """A degree that is not proved, shown beside the doubts: since it was reached, and until it is proved or ends."""
    if not row.unproved or row.judged_until is None:
        return ()
    since = row.judged_until if reached is None else reached.at
    test = f"unproved_{row.unproved}"
    return (DoubtView(0, row.station_id, row.quantity, test, since, row.judged_until, test, "{}"),)


def _water(rows: Sequence[SeriesView]) -> Water | None:
    row = next((row for row in rows if row.quantity == Quantity.WATER_TEMPERATURE), None)
    believed = row is not None and row.flag in {Flag.GOOD, Flag.UNCHECKED}
    if row is None or row.value is None or row.observed_at is None or not believed:
        return None
    return Water(row.value, row.observed_at)


def _lag(row: SeriesView | None) -> timedelta:
    if row is None or row.judged_until is None or row.judged_at is None:
        return timedelta(0)
    return lag(row.judged_until, row.judged_at)


def _degree(degree: int | None) -> Degree:
    return Degree.NONE if degree is None else Degree(degree)


def _declared(station_id: str, newest: Mapping[tuple[str, str, str], DegreeView]) -> DegreeView | None:
    found = [row for (station, _, kind), row in newest.items() if station == station_id and kind == "declared"]
    return max(found, key=lambda row: row.at, default=None)


def _main_quantity(station: Station, rows: Sequence[SeriesView]) -> Quantity:
    """What is judged against limits comes first, then what the station is built for, then what it sends."""
    offered = {row.quantity for row in rows if row.degree is not None} or {row.quantity for row in rows}
    names = [quantity for quantity in station.quantities if quantity.value in offered] or list(station.quantities)
    names = names or [Quantity(name) for name in offered]
    return min(names, key=lambda quantity: _CANONICAL_ORDER[quantity.value], default=Quantity.LEVEL)


def _unlisted(station_id: str, rows: Sequence[SeriesView]) -> Station:
    quantities = tuple(Quantity(row.quantity) for row in rows)
    return Station(station_id, Names(station_id), None, "", "", quantities, _UNLISTED_INTERVAL)
