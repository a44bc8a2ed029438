"""From an event to the words of its message (pure).

Degree 4 is ČHMÚ's extreme level and no legal SPA: its event code stays CZ-SPA 3 and its limit stands in a
parameter of its own.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from bridge_de.areas import areas, foreign_places, valid_for
from bridge_de.cap import Alert, Area, Info, MsgType, Status, identifier, stamp, token
from bridge_de.rain import AWARENESS_TYPE, Fell, codes, fell, parameters, rain_wording
from bridge_de.reports import reports_of
from bridge_de.told import Telling
from bridge_de.wording import Measured, Phase, Wording, amount, figure, percent, titled, wording
from floodcore.network.model import Limits, Network, Station
from floodcore.store.notes import cause_of
from floodcore.store.warnings import ToldEvent
from floodcore.texts import Texts
from floodcore.words import Degree, Language, Quantity

LANGUAGES = ((Language.CS, "cs-CZ"), (Language.DE, "de-DE"))
DECLARED_BY = "none: measured limit reached"
EXPECTED_BY = "none: expected by an automatic forecast, not measured"
# The interval of a gauge we do not know.
_USUAL_INTERVAL = timedelta(minutes=15)
_LEGAL_DEGREES = (Degree.VIGILANCE, Degree.READINESS, Degree.EMERGENCY)
_VALUE_NAMES = {"level": "waterLevel", "discharge": "discharge", "rain": "rain"}


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is the same in every language but for the names of areas."""

    parameters: tuple[tuple[str, str], ...]
    areas: tuple[Area, ...]


_AWARENESS_TYPE = "12; flooding"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who speaks: the address of the house, whether all in it is invented, what it knows."""

    public_url: str
    exercise: bool
    network: Network
    texts: Texts

    @property
    def sender(self) -> str:
        """Mailbox-like and stable as long as the address of the house is."""
        return f"hladina@{token(urlsplit(self.public_url).hostname or 'localhost')}"


def compose(told: Telling, publisher: Publisher) -> Alert:
    """The full message in Czech and German, with the limits of the time of its value."""
    listed = publisher.network.stations.get(told.event.station_id)
    station = None if listed is None else listed.at(_measured(told)[2])
    return _alert(
        told,
        publisher,
        tuple(_info(told, publisher, station, language, tag) for language, tag in LANGUAGES),
    )


def compose_plain(told: Telling, publisher: Publisher) -> Alert:
    """The least that is still a message: for when the full one turned out faulty. Needs nothing but the event."""
    return _alert(told, publisher, tuple(_plain_info(told, publisher, language, tag) for language, tag in LANGUAGES))


def is_exercise(event: ToldEvent, publisher: Publisher) -> bool:
    """Invented input anywhere on the way makes an exercise of the message."""
    station = publisher.network.stations.get(event.station_id)
    return publisher.exercise or event.exercise or (station is not None and station.synthetic)


def _alert(told: Telling, publisher: Publisher, infos: tuple[Info, ...]) -> Alert:
    exercise = is_exercise(told.event, publisher)
    incident = token(told.event.chain)
    return Alert(
        identifier=identifier(told.sent, told.event.event_id, told.revision),
        sender=publisher.sender,
        sent=stamp(told.sent),
        status=Status.EXERCISE if exercise else Status.ACTUAL,
        msg_type=MsgType.UPDATE if told.references else MsgType.ALERT,
        note=f"exercise {incident}" if exercise else "",
        references=told.references,
        incidents=incident,
        infos=infos,
    )


def _info(told: Telling, publisher: Publisher, station: Station | None, language: Language, tag: str) -> Info:
    event, texts, network = told.event, publisher.texts, publisher.network
    name = event.station_id if station is None else station.names.of(language)
    limits = None if station is None else station.limits_of(Quantity(event.quantity))
    foreign = foreign_places(network, station)
    river, facts = _river(publisher, station, language), _facts(told, publisher, station, language, name)
    rain = fell(event, name, river)
    if rain is not None:
        words = _of_rain(told, publisher, station, language, rain)
        return _block(told, publisher, (language, tag), words, facts)
    words = wording(
        texts,
        language,
        told.phase,
        told.degree,
        Measured(
            name,
            river,
            *_measured(told),
            limits=_thresholds(limits, event.unit).replace(".", ","),
            downstream=", ".join(place.names.of(language) for place in foreign),
            valid=valid_for(network, station, language),
            old_minutes=_old_minutes(told, station),
            reports=reports_of(told.notes, language),
        ),
        exercise=is_exercise(event, publisher),
        ahead=told.ahead,
        further=told.further,
        proof=told.proof,
    )
    return _block(told, publisher, (language, tag), words, facts)


def _facts(told: Telling, publisher: Publisher, station: Station | None, language: Language, name: str) -> _Facts:
    network = publisher.network
    limits = None if station is None else station.limits_of(Quantity(told.event.quantity))
    foreign = foreign_places(network, station)
    abroad = "; ".join(f"{place.names.local} ({place.country})" for place in foreign)
    pairs = (
        *_parameters(told, publisher, station, limits),
        *parameters(told.event, None if station is None else station.rain_degrees),
        *((("downstreamInfo", abroad),) if abroad else ()),
    )
    return _Facts(pairs, areas(network, station, language, publisher.texts, name))


def _of_rain(told: Telling, publisher: Publisher, station: Station | None, language: Language, rain: Fell) -> Wording:
    mm, _, at, _ = _measured(told)
    known = replace(
        rain,
        mm=mm,
        at=at,
        old_minutes=_old_minutes(told, station),
        valid=valid_for(publisher.network, station, language),
        downstream=", ".join(place.names.of(language) for place in foreign_places(publisher.network, station)),
        reports=reports_of(told.notes, language),
    )
    exercise = is_exercise(told.event, publisher)
    return rain_wording(publisher.texts, language, told.phase, told.degree, known, exercise=exercise)


def _plain_info(told: Telling, publisher: Publisher, language: Language, tag: str) -> Info:
    event, texts = told.event, publisher.texts
    name, ahead = token(event.station_id), told.phase is Phase.EXPECT
    limit = texts.say(language, f"cap.limit.{told.degree}")
    headline = texts.say(language, f"cap.plain.{'expected' if ahead else 'headline'}", limit=limit, station=name)
    value = amount(texts, language, event.value, event.unit)
    note = texts.say(language, "cap.text.not_reached" if ahead else "cap.text.not_declared")
    about = f"expected.{told.degree}" if ahead else str(told.degree)
    note = f"{texts.say(language, told.proof)} {note}" if told.proof else note
    words = Wording(
        event=texts.say(language, f"cap.event.{about}"),
        headline=titled(texts, headline, exercise=is_exercise(event, publisher)),
        description=f"{limit}: {name}, {value}. {note}",
        instruction=texts.say(language, f"cap.instruction.{about}"),
    )
    rain = fell(event, name, texts.say(language, "cap.river.unknown"))
    if rain is not None:
        exercise = is_exercise(event, publisher)
        words = rain_wording(texts, language, told.phase, told.degree, rain, exercise=exercise)
    facts = _Facts(
        (("stationId", name), ("declaredBy", _declared_by(told))),
        (Area(texts.say(language, "cap.area.gauge", station=name)),),
    )
    return _block(told, publisher, (language, tag), words, facts)


def _declared_by(told: Telling) -> str:
    return EXPECTED_BY if told.phase is Phase.EXPECT else DECLARED_BY


def _codes(told: Telling) -> tuple[tuple[str, str], ...]:
    """What is reached is CZ-SPA, what is expected has a code of its own, so that no machine takes one for the other."""
    if told.event.window_min is not None:
        return codes(told.event.rain_scheme, told.degree)
    if told.phase is not Phase.EXPECT:
        return (("CZ-SPA", str(min(told.degree, Degree.EMERGENCY.value))),)
    held = min(told.event.held, Degree.EMERGENCY.value)
    expected = ("CZ-SPA-EXPECTED", str(min(told.degree, Degree.EMERGENCY.value)))
    return (expected, ("CZ-SPA", str(held))) if held else (expected,)


def _block(
    told: Telling,
    publisher: Publisher,
    language: tuple[Language, str],
    words: Wording,
    facts: _Facts,
) -> Info:
    grade = told.grade
    texts, (spoken, tag) = publisher.texts, language
    return Info(
        language=tag,
        event=words.event,
        response_types=grade.responses,
        urgency=grade.urgency,
        severity=grade.severity,
        certainty=grade.certainty,
        event_codes=_codes(told),
        effective=stamp(told.sent),
        onset=stamp(told.event.expected_at or told.event.at),
        expires=stamp(told.expires),
        sender_name=texts.say(spoken, "cap.sender_name"),
        headline=_warned(texts, spoken, words.headline) if told.event.unproved else words.headline,
        description=words.description,
        instruction=words.instruction,
        web=f"{publisher.public_url}/{spoken}/stations/{quote(told.event.station_id, safe='')}",
        contact=texts.say(spoken, "cap.contact", url=publisher.public_url),
        parameters=(
            ("awareness_level", grade.awareness),
            ("awareness_type", _AWARENESS_TYPE if told.event.window_min is None else AWARENESS_TYPE),
            *facts.parameters,
        ),
        areas=facts.areas,
    )


def _warned(texts: Texts, language: Language, headline: str) -> str:
    """The headline of what is not proved; it says so where only headlines are read."""
    return titled(texts, f"{texts.say(language, 'cap.unproved')}: {headline}", exercise=False)


def _measured(told: Telling) -> tuple[float | None, str, datetime, str]:
    """Value, unit, time and trend: the newest known if the message is a refresh, else the event's own."""
    event, latest = told.event, told.latest
    if latest is None or latest.observed_at <= event.at:
        return event.value, event.unit, event.at, event.trend
    return latest.value, event.unit, latest.observed_at, latest.trend


def _old_minutes(told: Telling, station: Station | None) -> int | None:
    """The age of the value at `sent` in minutes, once two of its gauge's intervals have passed; else None."""
    _, _, at, _ = _measured(told)
    age = told.sent - at
    interval = _USUAL_INTERVAL if station is None else station.interval
    return round(age.total_seconds() / 60) if age > 2 * interval else None


def _parameters(
    told: Telling, publisher: Publisher, station: Station | None, limits: Limits | None
) -> tuple[tuple[str, str], ...]:
    event = told.event
    value, unit, at, trend = _measured(told)
    name = _VALUE_NAMES.get(event.quantity, event.quantity)
    extreme = None if limits is None else limits.values.get(Degree.EXTREME)
    pairs = (
        ("stationId", event.station_id),
        ("stationName", event.station_id if station is None else station.names.local),
        ("river", _river(publisher, station, None)),
        (name, "" if value is None else f"{figure(value, unit)} {unit}"),
        (f"{name}Time", stamp(at)),
        ("trend", trend),
        ("spaThresholds", _thresholds(limits, unit)),
        ("extremeThreshold", "" if extreme is None else f"{figure(extreme, unit)} {unit}"),
        ("discharge", "" if event.discharge is None or told.latest else f"{figure(event.discharge, 'm3/s')} m3/s"),
        *_foretold(told),
        ("cause", cause_of(told.notes) or ""),
        ("declaredBy", _declared_by(told)),
    )
    return tuple((key, text) for key, text in pairs if text)


def _foretold(told: Telling) -> tuple[tuple[str, str], ...]:
    event = told.event
    if told.further is not None:
        degree, at = told.further
        return (
            ("forecastDegree", f"CZ-SPA-EXPECTED {min(degree, Degree.EMERGENCY.value)}"),
            ("forecastOnset", stamp(at)),
        )
    if event.expected_at is None or event.earliest_at is None or event.latest_at is None:
        return ()
    return (
        ("forecastProbability", f"{percent(event.probability)} %"),
        ("forecastWithin", f"{event.horizon_min} min"),
        ("forecastOnset", stamp(event.expected_at)),
        ("forecastEarliest", stamp(event.earliest_at)),
        ("forecastLatest", stamp(event.latest_at)),
        ("forecastModel", event.model),
    )


def _thresholds(limits: Limits | None, unit: str) -> str:
    """`85/125/160 cm`; empty unless all three legal limits are known."""
    if limits is None or any(degree not in limits.values for degree in _LEGAL_DEGREES):
        return ""
    return "/".join(figure(limits.values[degree], unit) for degree in _LEGAL_DEGREES) + f" {unit}"


def _river(publisher: Publisher, station: Station | None, language: Language | None) -> str:
    river = None if station is None or station.river is None else publisher.network.rivers.get(station.river)
    if river is None:
        return "" if language is None else publisher.texts.say(language, "cap.river.unknown")
    return river.names.local if language is None else river.names.of(language)
