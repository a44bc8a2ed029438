"""How the gauges and the ways fare, in words: incidents, age, delay, quality, battery, signal, the station's log. Pure.

What is bad is said in words and marked, never by colour alone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from floodcore.freshness import allowed_silence
from floodcore.network.model import Network
from floodcore.store.incidents import Incident
from floodcore.store.stationlog import LogEntry
from floodcore.store.views import EventView, SourceView
from floodcore.store.wellbeing import SeriesHealth, Sign, SourceHealth
from floodcore.words import Degree, Language
from portal.localtime import duration
from portal.plain import plain
from portal.reading import Reader

# Of the readings of a day so many should be good before somebody looks (a judgement).
_GOOD_SHARE = 0.9
# A LoRaWAN sensor at spreading factor 12 is heard down to about -137 dBm and -20 dB (Semtech SX1276 data sheet,
# general knowledge, confirm); a margin of a few dB is no margin in the rain.
_WEAK_DBM, _WEAK_DB = -120.0, -15.0
# Lithium cells of 3.6 V are empty below about 3.3 V; what runs on 12 V says so by its figure (judgements).
_FAULT = 200
_LOW_V, _LOW_PERCENT, _ONE_CELL_V = 3.3, 20.0, 5.0
_DASH = "–"
# A device says its battery and signal with every uplink, at least once a day; what is older says when it was said.
_OLD_SIGN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class StationLine:
    """One station as the page shows it; `bad` names what is wrong, in words."""

    station_id: str
    name: str
    last: str
    imported: str
    delay: str
    readings: str
    good: str
    battery: str
    signal: str
    bad: tuple[str, ...]
    age_s: float


def incident_words(reader: Reader, incident: Incident) -> str:
    """The incident in one sentence, in the reader's language."""
    figures = {
        "count": incident.silent,
        "total": incident.gauges,
        "name": incident.name,
        "at": reader.moment(incident.at),
        "minutes": f"{incident.value or 0:.0f}",
    }
    key = f"page.incident.clock.{incident.name}" if incident.scope == "clock" else f"page.incident.{incident.scope}"
    sentence = reader.say(key, **figures)
    if incident.ended_at is None:
        return sentence
    return f"{sentence} {reader.say('page.incident.over', at=reader.moment(incident.ended_at))}"


def event_words(reader: Reader, event: EventView) -> str:
    """The event of an incident's beginning or end in one sentence."""
    scope, _, name = event.station_id.partition(":")
    figures = {
        "count": f"{event.value or 0:.0f}",
        "total": f"{event.limit_value or 0:.0f}",
        "name": name,
        "at": reader.moment(event.at),
        "minutes": f"{event.value or 0:.0f}",
    }
    if event.reason == "ended":
        return reader.say("page.incident.ended", what=_scope_words(reader, scope, name))
    key = f"page.incident.clock.{name}" if scope == "clock" else f"page.incident.{scope}"
    return reader.say(key, **figures)


def _scope_words(reader: Reader, scope: str, name: str) -> str:
    return reader.say(f"page.log.scope.{scope}", name=name)


def share(good: int | None, readings: int | None, language: Language) -> str:
    """The share of good readings, such as `98 %`; a dash without any. Never rounded up to all."""
    if not good or not readings:
        return "0 %" if readings else _DASH
    percent = 100 * good / readings
    shown = 99.9 if good < readings and percent > 99.9 else percent  # noqa: PLR2004  # not all is not all
    text = f"{shown:.1f}".removesuffix(".0")
    return f"{text if language is Language.EN else text.replace('.', ',')}\N{NO-BREAK SPACE}%"


def span(seconds: float | None) -> str:
    """A delay in words; a dash when it is not known."""
    if seconds is None:
        return _DASH
    return f"{seconds:.0f}\N{NO-BREAK SPACE}s" if seconds < 60 else duration(timedelta(seconds=seconds))  # noqa: PLR2004


def _said_at(reader: Reader, sign: Sign) -> str:
    """When a device said it, if that is long ago."""
    age = reader.now - sign.at
    return f" ({reader.say('page.upkeep.ago', age=_age(age))})" if age > _OLD_SIGN else ""


def battery(signs: Sequence[Sign], reader: Reader) -> tuple[str, bool]:
    """The battery of the station's devices in words, the weakest first, and whether one is low."""
    words, low, language = [], False, reader.language
    for sign in sorted(signs, key=lambda sign: (sign.battery_percent or 100.0, sign.battery_v or 99.0)):
        if sign.battery_percent is not None:
            words.append(f"{sign.battery_percent:.0f}\N{NO-BREAK SPACE}%{_said_at(reader, sign)}")
            low |= sign.battery_percent < _LOW_PERCENT
        elif sign.battery_v is not None:
            text = f"{sign.battery_v:.2f}"
            text = text if language is Language.EN else text.replace(".", ",")
            words.append(f"{text}\N{NO-BREAK SPACE}V{_said_at(reader, sign)}")
            low |= sign.battery_v < _LOW_V and sign.battery_v < _ONE_CELL_V
    return ", ".join(words) or _DASH, low


def signal(signs: Sequence[Sign], reader: Reader) -> tuple[str, bool]:
    """The signal of the station's devices, and whether one is weak."""
    words, weak = [], False
    for sign in signs:
        if sign.rssi_dbm is not None:
            snr = "" if sign.snr_db is None else f" / {sign.snr_db:.0f}\N{NO-BREAK SPACE}dB"
            text = f"{sign.rssi_dbm:.0f}\N{NO-BREAK SPACE}dBm{snr}".replace("-", "\N{MINUS SIGN}")
            words.append(f"{text}{_said_at(reader, sign)}")
            weak |= sign.rssi_dbm < _WEAK_DBM or (sign.snr_db is not None and sign.snr_db < _WEAK_DB)
    return ", ".join(words) or _DASH, weak


def station_lines(
    reader: Reader,
    network: Network,
    series: Sequence[SeriesHealth],
    signs: Sequence[Sign],
    doubted: Collection[str] = (),
) -> list[StationLine]:
    """Every linked station of the network, those with something wrong first, the longest silent of them on top.

    `doubted`: the ids of those that the watch doubts beside their neighbours.
    """
    by_station: dict[str, list[SeriesHealth]] = {}
    for one in series:
        by_station.setdefault(one.station_id, []).append(one)
    devices: dict[str, list[Sign]] = {}
    for sign in signs:
        devices.setdefault(sign.station_id, []).append(sign)
    lines = [
        station_line(reader, network, key, by_station.get(key, []), devices.get(key, []), doubted=key in doubted)
        for key, station in network.stations.items()
        if station.links
    ]
    return sorted(lines, key=lambda line: (not line.bad, -line.age_s, line.name))


def station_line(
    reader: Reader,
    network: Network,
    station_id: str,
    series: Sequence[SeriesHealth],
    signs: Sequence[Sign],
    *,
    doubted: bool = False,
) -> StationLine:
    """One station: its newest reading of any quantity, and the day of all of them together."""
    station = network.stations[station_id]
    newest = max(series, key=lambda one: one.newest_at, default=None)
    readings = sum(one.readings or 0 for one in series)
    good = sum(one.good or 0 for one in series)
    age = None if newest is None else reader.now - newest.newest_at
    battery_words, low = battery(signs, reader)
    signal_words, weak = signal(signs, reader)
    wrong = {
        "never": newest is None,
        "silent": age is not None and age - _lag(newest) > allowed_silence(Degree.NONE, station.interval),
        "quality": readings > 0 and good < _GOOD_SHARE * readings,
        "doubted": doubted,
        "battery": low,
        "signal": weak,
    }
    return StationLine(
        station_id=station_id,
        name=station.names.of(reader.language),
        last=_DASH if newest is None else _ago(reader, newest.newest_at),
        imported=_DASH if newest is None else _ago(reader, max(one.received_at for one in series)),
        delay=span(None if newest is None else newest.median_delay_s),
        readings=str(readings) if series else _DASH,
        good=share(good, readings, reader.language),
        battery=battery_words,
        signal=signal_words,
        bad=tuple(reader.say(f"page.upkeep.bad.{name}") for name, is_so in wrong.items() if is_so),
        age_s=float("inf") if age is None else age.total_seconds(),
    )


def _lag(newest: SeriesHealth | None) -> timedelta:
    usual = None if newest is None else newest.median_delay_s
    return timedelta(seconds=min(usual or 0.0, 900.0))


def _ago(reader: Reader, moment: datetime) -> str:
    return reader.say("page.upkeep.ago", age=_age(reader.now - moment))


def _age(age: timedelta) -> str:
    return duration(max(age, timedelta(0)))


def source_lines(
    reader: Reader, healths: Sequence[SourceHealth], sources: Sequence[SourceView]
) -> list[dict[str, str]]:
    """Every way that was ever asked or heard, what fails first: a way that fell silent a week ago is still a way."""
    fares = {each.source: each for each in healths}
    known = {each.source: each for each in sources}
    lines = [_source_line(reader, name, fares.get(name), known.get(name)) for name in sorted(fares.keys() | known)]
    return sorted(lines, key=lambda line: (not line["fault"], line["name"]))


def _source_line(reader: Reader, name: str, health: SourceHealth | None, source: SourceView | None) -> dict[str, str]:
    imported = None if source is None else source.ok_at
    return source_words(reader, health) | {
        "name": name,
        "imported": _DASH if imported is None else _ago(reader, imported),
        "fault": "" if source is None else plain(source.fault, _FAULT),
    }


def source_words(reader: Reader, health: SourceHealth | None) -> dict[str, str]:
    """Age of the newest reading, median delay, number and share of good readings of one source."""
    if health is None:
        return {"age": "", "delay": _DASH, "count": _DASH, "good": _DASH, "series": _DASH}
    return {
        "count": str(health.readings),
        "age": _age(reader.now - health.newest_at),
        "delay": span(health.median_delay_s),
        "good": share(health.good, health.readings, reader.language),
        "series": str(health.series),
    }


def log_line(reader: Reader, keys: frozenset[str], entry: LogEntry) -> dict[str, str]:
    """One line of the station's log: when, and what happened."""

    def word(prefix: str, name: str) -> str:
        return reader.say(f"{prefix}.{name}") if f"{prefix}.{name}" in keys else name

    scope, _, name = entry.word.partition(":")
    words = {
        "quantity": word("quantity", entry.quantity) if entry.quantity else "",
        "until": _moment(reader, entry.until_at),
        "count": entry.count if entry.count is not None else 0,
        "total": entry.total if entry.total is not None else 0,
        "test": word("page.test", entry.word),
        "why": word("page.log.refused", entry.word),
        "cause": word("cause", entry.word),
        "scope": _scope_words(reader, scope, name) if f"page.log.scope.{scope}" in keys else scope,
    }
    return {
        "iso": entry.at.isoformat(),
        "at": reader.moment(entry.at),
        "kind": entry.kind,
        "text": reader.say(f"page.log.{entry.kind}", **words),
    }


def _moment(reader: Reader, moment: datetime | None) -> str:
    return reader.say("page.log.open") if moment is None else reader.moment(moment)
