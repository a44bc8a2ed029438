"""Where a message stands in its story: what it says, how grave that is, how long it lives, what it replaces (pure).

Degrees to CAP codes follow the practice of ČHMÚ (degree 2 = Severe, orange) and Meteoalarm's
awareness levels; the table is `_GRADES`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge_de.wording import Ahead, Phase
from floodcore.network.model import Network
from floodcore.store.notes import Note
from floodcore.store.warnings import ChainMessage, Latest, ToldEvent
from floodcore.words import Degree

Notes = tuple[Note, ...]
VALID_FOR = timedelta(hours=6)
ALL_CLEAR_FOR = timedelta(hours=3)
# A message in force is told anew when less than this is left of it.
REFRESH_BEFORE = timedelta(hours=2)
# A forecast is told for an hour beyond its latest time; then it has come true, was withdrawn, or we are dead.
_EXPECTED_BEYOND = timedelta(hours=1)
# For so long after its last message has ended a story of what is expected may be gone on with.
STORY_WAITS = timedelta(hours=1)
# CAP 1.2: "Likely" is more than about a half. "Expected": act within the next hour, "Future": soon.
_LIKELY = 0.5
_WITHIN = timedelta(hours=1)
EXPECTED = "expected"
PROVED = "proved"


@dataclass(frozen=True, slots=True)
class Grade:
    """What one degree is in the codes of CAP and Meteoalarm."""

    urgency: str
    severity: str
    awareness: str
    responses: tuple[str, ...]
    certainty: str = "Observed"


_GRADES = {
    0: Grade("Past", "Minor", "1; green; Minor", ("AllClear",)),
    1: Grade("Expected", "Moderate", "2; yellow; Moderate", ("Monitor",)),
    2: Grade("Immediate", "Severe", "3; orange; Severe", ("Prepare",)),
    3: Grade("Immediate", "Extreme", "4; red; Extreme", ("Avoid", "Execute")),
    4: Grade("Immediate", "Extreme", "4; red; Extreme", ("Avoid", "Execute")),
}


# What to do while there is still time.
_AHEAD_RESPONSES = {1: ("Monitor",), 2: ("Prepare",), 3: ("Prepare", "Avoid"), 4: ("Prepare", "Avoid")}


@dataclass(frozen=True, slots=True)
class Telling:
    """One message to write: the event, when it is said, which revision, what it replaces, what people report."""

    event: ToldEvent
    sent: datetime
    revision: int
    references: tuple[str, ...]
    latest: Latest | None = None
    notes: Notes = ()

    @property
    def phase(self) -> Phase:
        """What the message says of its gauge."""
        if self.event.kind == EXPECTED:
            if self.event.expected_at is not None:
                return Phase.EXPECT
            return Phase.ONLY if self.event.held else Phase.WITHDRAWN
        if self.event.to_degree == Degree.NONE:
            return Phase.CLEAR
        if self.revision:
            return Phase.HOLD
        return Phase.RISE if self.event.to_degree > self.event.from_degree else Phase.FALL

    @property
    def proof(self) -> str:
        """The key of the sentence about a rise that is not proved, or has been; empty where there is none to say."""
        if self.event.unproved:
            return "cap.text.unproved"
        return "cap.text.proved" if self.event.kind == PROVED and not self.revision else ""

    @property
    def degree(self) -> int:
        """The degree the message is about: reached, or expected, or the one that is left when it no longer is."""
        return self.event.held if self.phase is Phase.ONLY else self.event.to_degree

    @property
    def ahead(self) -> Ahead | None:
        """What the message says of the future."""
        event = self.event
        if event.kind != EXPECTED:
            return None
        if event.expected_at is None:
            return Ahead(event.from_degree, event.held)
        return Ahead(
            event.to_degree,
            event.held,
            event.probability,
            event.horizon_min,
            event.expected_at,
            event.earliest_at,
            event.latest_at,
        )

    @property
    def further(self) -> tuple[int, datetime] | None:
        """The higher degree expected beside a limit reached, and when; not once its time has run out."""
        event = self.event
        if event.further is None or event.further_at is None or event.further_at <= self.sent or event.unproved:
            return None  # what follows from a rise that is not proved is for officers
        return event.further, event.further_at

    @property
    def grade(self) -> Grade:
        """What it is in the codes of CAP."""
        event, plain = self.event, _GRADES[self.degree]
        if event.unproved:
            return replace(plain, certainty="Possible")
        if event.expected_at is None or event.probability is None:
            return plain
        return Grade(
            urgency="Expected" if event.expected_at - self.sent <= _WITHIN else "Future",
            severity=plain.severity,
            awareness=plain.awareness,
            responses=_AHEAD_RESPONSES[self.degree],
            certainty="Likely" if event.probability > _LIKELY else "Possible",
        )

    @property
    def expires(self) -> datetime:
        """A dead publisher must fail visibly, so no message lives long; a forecast no longer than it holds."""
        if self.phase in {Phase.CLEAR, Phase.WITHDRAWN}:
            return self.sent + ALL_CLEAR_FOR
        latest = self.event.latest_at
        if latest is None or self.event.held:
            return self.sent + VALID_FOR
        return min(max(latest, self.sent) + _EXPECTED_BEYOND, self.sent + VALID_FOR)


def telling(
    event: ToldEvent, earlier: list[ChainMessage], now: datetime, latest: Latest | None = None, notes: Notes = ()
) -> Telling:
    """Place `event` in its chain: `sent` strictly after every earlier message, all live ones replaced.

    If none is live any more the last one is named, so that the chain does not break.
    """
    sent = now.replace(microsecond=0)
    if earlier:
        sent = max(sent, max(message.sent for message in earlier) + timedelta(seconds=1))
    live = [message for message in earlier if message.expires > sent] or earlier[-1:]
    revision = 1 + max((m.revision for m in earlier if m.event_id == event.event_id), default=-1)
    return Telling(event, sent, revision, tuple(message.reference for message in live), latest, notes)


def concerns_us(event: ToldEvent, earlier: list[ChainMessage], network: Network) -> bool:
    """Whether the bridge tells `event`: limits of Czech gauges, reached or expected, and no end without a beginning.

    What has come true since is told as reached, what follows from a rise that is not proved not at all (ADR 0020).
    A gauge abroad is its own authority's to announce; one we do not know is told all the same.
    """
    station = network.stations.get(event.station_id)
    limits = () if station is None else station.at(event.at).limits
    at_home = station is None or (station.country == "CZ" and all(each.scheme == "spa" for each in limits))
    if not at_home:
        return False
    if event.kind == EXPECTED:
        if event.expected_at is not None:
            return not event.overtaken and not event.unproved
        return not event.overtaken and any(message.kind == EXPECTED for message in earlier)
    return event.kind in {"reached", PROVED} and (event.to_degree > 0 or bool(earlier))


def is_past(event: ToldEvent, now: datetime) -> bool:
    """Whether the time of what is expected is over, so that nobody is helped by hearing of it."""
    return event.latest_at is not None and event.latest_at <= now
