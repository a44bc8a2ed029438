"""What went wrong for many gauges at once, found from when each was heard. Pure.

Thirty gauges that fall silent together are one incident: a transport, an operator, or the region's power
or network. A house clock that is wrong is one, too: slow, it refuses every reading as coming from the future;
fast, everything looks old. Neither is a statement about the water, and neither changes a degree.

The figures: a tenth of the gauges within ten minutes (reliability goal G7); the others are judgements and
say so where they stand.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median

from floodcore.freshness import GRACE, allowed_silence, lag
from floodcore.words import Degree

WITHIN = timedelta(minutes=10)
SHARE = 0.10
# Fewer are told one by one; a single gauge is nobody's common fault.
LEAST = 3
# So many of an operator's or a transport's gauges are all of them: one may hang on another way.
ALL_OF = 0.8
# An incident is over when so few of its gauges are silent still; they are told one by one then.
OVER_BELOW = 0.5

# Our clock: more than five minutes slow and everything is refused (reliability goal G18).
CLOCK_OFF = timedelta(minutes=5)
# Evidence this old says nothing of the clock now.
RECENT = timedelta(minutes=15)
# Stations that agree about our clock: at least half of those heard; wrong clocks of loggers are few, or differ.
SAY_SLOW = 0.5
SAY_FAST = 0.8
_AGREE = timedelta(minutes=10)

ALL, OPERATOR, TRANSPORT, CLOCK = "all", "operator", "transport", "clock"
SLOW, FAST = "slow", "fast"


@dataclass(frozen=True, slots=True)
class Seen:
    """A station as it was heard last; `degree` is the highest it has reached, `spa` that on the Czech scale."""

    station_id: str
    operator: str
    transport: str
    newest_at: datetime
    received_at: datetime
    interval: timedelta
    degree: Degree
    spa: Degree = Degree.NONE
    least_delay_s: float | None = None
    usual_delay_s: float | None = None

    @property
    def heard_until(self) -> datetime:
        """Until when it was heard: its newest reading, and how long that takes to come."""
        return self.newest_at + lag(self.newest_at, self.received_at)

    @property
    def overdue_at(self) -> datetime:
        """When its next reading should have come. A gauge in flood is silent soon after, one in calm much later."""
        return self.heard_until + self.interval + GRACE

    @property
    def silent_at(self) -> datetime:
        """When its allowed silence runs out, by the rule of `floodcore.freshness`."""
        return self.heard_until + allowed_silence(self.degree, self.interval)


@dataclass(frozen=True, slots=True)
class Known:
    """An incident of silence that is open since `at`: its scope and name, and who is silent by it."""

    scope: str
    name: str
    at: datetime
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """An incident of silence: `members` fell silent of `gauges` that are alive; `worst` is the highest degree."""

    scope: str
    name: str
    members: tuple[str, ...]
    gauges: int
    worst: Degree


@dataclass(frozen=True, slots=True)
class WrongClock:
    """Our clock is `minutes` off, slow or fast, as `stations` of `heard` say."""

    name: str
    minutes: float
    stations: int
    heard: int


def silences(
    seen: Sequence[Seen], now: datetime, known: Sequence[Known], spent: Collection[str] = frozenset()
) -> list[Found]:
    """The new incidents of silence at `now`, the widest explanation of each silence only.

    As soon as three are silent, whoever became overdue together with them counts, too: gauges in flood are
    called silent first, and what hangs on the same way must not be told one by one before the rest follows.

    Whoever is in a known incident, or is `spent` (silent still since one that is over), explains nothing new.
    A transport or an operator all of whose gauges fell silent together is named, if that explains the rest, too;
    when two of them did at once, or a tenth of all beside it, it is one incident of all.
    """
    taken = {station for one in known for station in one.members} | set(spent)
    free = [one for one in seen if one.station_id not in taken]
    together = _together([one for one in free if one.overdue_at < now], now)
    groups = [
        *_groups(seen, together, TRANSPORT, lambda one: one.transport),
        *_groups(seen, together, OPERATOR, lambda one: one.operator),
    ]
    named: list[Found] = []
    left = {one.station_id for one in together}
    for each in sorted(groups, key=lambda each: -len(each.members)):
        if left.issuperset(each.members):
            named.append(each)
            left -= set(each.members)
    many = max(LEAST, SHARE * len(seen))
    wide = len(left) >= many or (len(named) > 1 and len(together) >= many)
    if wide and not any(one.scope == ALL for one in known):
        return [_of(ALL, "", together, len(seen))]
    return named


def _together(overdue: Sequence[Seen], now: datetime) -> list[Seen]:
    """Of those overdue the most that became so within ten minutes, if enough of them are silent; else nobody."""
    ordered = sorted(overdue, key=lambda one: one.overdue_at)
    best: list[Seen] = []
    start = 0
    for end, one in enumerate(ordered):
        while one.overdue_at - ordered[start].overdue_at > WITHIN:
            start += 1
        these = ordered[start : end + 1]
        if len(these) >= len(best) and sum(each.silent_at < now for each in these) >= LEAST:
            best = these
    return best


def _groups(seen: Sequence[Seen], together: Sequence[Seen], scope: str, name: Callable[[Seen], str]) -> list[Found]:
    """The transports or operators all of whose gauges are among `together`."""
    sizes = Counter(name(one) for one in seen)
    ordered = sorted(together, key=name)
    members = {key: list(each) for key, each in groupby(ordered, key=name)}
    return [
        _of(scope, key, each, sizes[key])
        for key, each in members.items()
        if key and len(each) >= max(LEAST, ALL_OF * sizes[key])
    ]


def _of(scope: str, name: str, members: Sequence[Seen], gauges: int) -> Found:
    worst = max((one.spa for one in members), default=Degree.NONE)
    return Found(scope, name, tuple(sorted(one.station_id for one in members)), gauges, worst)


def joining(seen: Sequence[Seen], now: datetime, known: Known, others: Collection[str]) -> list[str]:
    """Stations that fell silent by an incident that is open already; none that is in one of `others`.

    Whoever was heard after its beginning did not fall silent by it. A gauge at a degree joins in its first ten
    minutes only: later its silence is told alone, so that a long incident hides no gauge that drowns.
    """
    scopes: dict[str, Callable[[Seen], bool]] = {
        TRANSPORT: lambda one: one.transport == known.name,
        OPERATOR: lambda one: one.operator == known.name,
        ALL: lambda _: True,
    }
    concerned = scopes[known.scope]
    return [
        one.station_id
        for one in seen
        if concerned(one)
        and one.overdue_at < now
        and one.heard_until <= known.at
        and (one.degree is Degree.NONE or one.overdue_at <= known.at + WITHIN)
        and one.station_id not in others
        and one.station_id not in known.members
    ]


def heard_again(seen: Sequence[Seen], now: datetime, members: Collection[str]) -> list[str]:
    """Of the stations that were silent by an incident those that speak again."""
    return [one.station_id for one in seen if one.station_id in members and one.overdue_at >= now]


def is_over(at_first: int, silent: int) -> bool:
    """Whether an incident that began with `at_first` silent gauges is over with `silent` left."""
    return silent < max(1.0, OVER_BELOW * at_first)


def wrong_clock(seen: Sequence[Seen], ahead: Mapping[str, float], now: datetime) -> WrongClock | None:
    """Whether many stations that know nothing of one another say that our clock is wrong, and by how much.

    `ahead` holds by how many seconds the newest refused stamp of a station was ahead of us, of the last
    quarter of an hour. Slow: half of those heard are ahead of us, by about the same. Fast: the delay of four
    fifths of them, of two ways at least, has grown by about the same, and is more than it has ever to be.
    """
    recent = [one for one in seen if now - one.received_at <= RECENT]
    voices = {one.station_id for one in recent} | ahead.keys()
    forward = [seconds / 60 for seconds in ahead.values() if seconds > CLOCK_OFF.total_seconds()]
    if len(forward) >= max(LEAST, SAY_SLOW * len(voices)) and _agree(forward):
        return WrongClock(SLOW, median(forward), len(forward), len(voices))
    grown = [(one, _grown(one)) for one in recent if one.least_delay_s is not None and one.usual_delay_s is not None]
    behind = [(one, minutes) for one, minutes in grown if minutes >= CLOCK_OFF.total_seconds() / 60]
    enough = len(behind) >= max(LEAST, SAY_FAST * len(grown)) and len({one.transport for one, _ in behind}) > 1
    by = [minutes for _, minutes in behind]
    if enough and _agree(by):
        return WrongClock(FAST, median(by), len(by), len(voices))
    return None


def _grown(one: Seen) -> float:
    """By how many minutes the delay of a station is longer than usual."""
    return ((one.least_delay_s or 0.0) - (one.usual_delay_s or 0.0)) / 60


def _agree(minutes: Sequence[float]) -> bool:
    """Whether four fifths of the figures lie close together."""
    ordered = sorted(minutes)
    cut = len(ordered) // 10
    return ordered[-1 - cut] - ordered[cut] <= _AGREE.total_seconds() / 60
