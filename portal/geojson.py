"""The map's data as GeoJSON (RFC 7946), and the same words for the JSON answers about stations. Pure.

Freshness is what it was when the text was made; `late_at` and `silent_at` let the browser go on
judging as time passes, so that old water never looks calm on a screen that was left open.
"""

from collections.abc import Iterable
from datetime import datetime

from floodcore.store.context import Graded
from floodcore.store.doubts import DoubtView
from floodcore.store.notes import Note, cause_of
from floodcore.words import Flag, Language
from portal import terms
from portal.ahead import sure
from portal.marks import Mark
from portal.plain import plain

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_DOUBTED = {Flag.SUSPECT, Flag.FAIL}
_NAME = 80


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with Z, or None."""
    return None if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def properties(mark: Mark, now: datetime) -> dict[str, Json]:
    """The agreed properties of one mark, and ours behind them."""
    return {
        "id": mark.station.id,
        "name": mark.station.names.local,
        "river": mark.station.river,
        "degree_reached": mark.degree_reached,
        "degree_expected": mark.expected_at(now),
        "degree_declared": mark.degree_declared,
        "freshness": mark.freshness_at(now).value,
        "trend": mark.trend.value,
        "value": mark.value,
        "unit": mark.unit or None,
        "observed_at": iso(mark.observed_at),
        "quantity": mark.quantity.value,
        "scheme": mark.scheme,
        "trend_per_hour": mark.trend_per_hour,
        "suspect": (mark.test or None) if mark.flag in _DOUBTED else None,
        "late_at": iso(mark.until.late_at) if mark.until is not None else None,
        "silent_at": iso(mark.until.silent_at) if mark.until is not None else None,
        "interval_s": mark.station.interval.total_seconds(),
        "country": mark.station.country or None,
        "names": {
            language.value: name
            for language in Language
            if (name := mark.station.names.of(language)) != mark.station.names.local
        },
        "synthetic": mark.station.synthetic,
        "cause": cause_of(mark.notes),
        "spare_for": mark.station.spare_for,
        "counts": mark.counts_at(now),
        "pair": mark.pair_word(now) or None,
        "notes": [_note(note) for note in mark.notes],
        "doubts": [_doubt(doubt) for doubt in mark.doubts],
        "unproved": mark.unproved or None,
        "doubted_by": [doubt.test for doubt in mark.doubted_by(now)],
        "data_source": mark.source or None,
        "data_credit": terms.credit(mark.source, mark.station.operator) if mark.source else None,
        "classes": [graded_words(each, now) for each in mark.classes],
        **_ahead(mark, now),
    }


def graded_words(graded: Graded, now: datetime) -> dict[str, Json]:
    """The class another service gives a gauge, on its own scale (ADR 0025)."""
    return {
        "source": graded.source,
        "issuer": terms.owner(graded.source, ""),
        "class": graded.grade,
        "words": plain(graded.name, _NAME) or None,
        "words_language": "de",
        "at": iso(graded.at),
        "until": iso(graded.until),
        "received_at": iso(graded.received_at),
        "current": graded.current(now),
    }


def _note(note: Note) -> Json:
    return {
        "cause": note.cause,
        "from": iso(note.valid_from),
        "until": iso(note.valid_until),
        "author": note.author,
        "texts": dict(note.texts),
    }


def _doubt(doubt: DoubtView) -> Json:
    return {
        "test": doubt.test,
        "quantity": doubt.quantity,
        "since": iso(doubt.since),
        "until": iso(doubt.until),
        "numbers": dict(doubt.numbers),
    }


def _ahead(mark: Mark, now: datetime) -> dict[str, Json]:
    """What is expected and whether the forecast still bears it out; `forecast_until` lets the browser go on judging."""
    found, told = mark.expectation(now), mark.told
    return {
        "expected_at": iso(found.expected_at) if found is not None else None,
        "expected_earliest": iso(found.earliest_at) if found is not None else None,
        "expected_latest": iso(found.latest_at) if found is not None else None,
        "expected_probability": found.probability if found is not None else None,
        "expected_sure": sure(found.probability) if found is not None else None,
        "expected_fading": found.fading if found is not None else None,
        "expected_unproved": mark.expected_unproved if found is not None else None,
        "expected_told_at": iso(told.at) if told is not None else None,
        "forecast_at": iso(mark.foresight.issued_at) if mark.foresight is not None else None,
        "forecast_until": iso(mark.foresees_until),
        "forecast_current": mark.foresees_at(now),
    }


def collection(marks: Iterable[Mark], now: datetime, *, stale_since: datetime | None, exercise: bool) -> Json:
    """All marks. A station without coordinates has the geometry null (RFC 7946, section 3.2) and stays in the list."""
    return {
        "type": "FeatureCollection",
        "stale_since": iso(stale_since),
        "exercise": exercise,
        "features": [
            {
                "type": "Feature",
                "id": mark.station.id,
                "geometry": None
                if mark.station.lat is None or mark.station.lon is None
                else {"type": "Point", "coordinates": [mark.station.lon, mark.station.lat]},
                "properties": properties(mark, now),
            }
            for mark in marks
        ],
    }
