"""Observations as CSV (RFC 4180). Pure. Nothing in it can start a formula in a spreadsheet."""

import csv
from collections.abc import Iterable
from io import StringIO

from floodcore.store.views import SampleView
from floodcore.words import Flag
from portal import terms
from portal.geojson import iso

HEADER = ("station_id", "quantity", "unit", "observed_at", "value", "flag", "test", "late", "source", "credit")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def observations(station_id: str, quantity: str, unit: str, samples: Iterable[SampleView], operator: str = "") -> str:
    """One row per value, with the name of its source; a missing value is empty, never 0. Times in UTC."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    named: dict[str, str] = {}
    for sample in samples:
        value = "" if sample.value is None else repr(sample.value)
        flag = Flag(sample.flag).name.lower() if sample.flag in set(Flag) else str(sample.flag)
        row = (safe(station_id), safe(quantity), safe(unit), iso(sample.observed_at), value, flag, safe(sample.test))
        credit = named.setdefault(sample.source, terms.credit(sample.source, operator))
        writer.writerow((*row, "true" if sample.late else "false", safe(sample.source), safe(credit)))
    return out.getvalue()


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before a suspicious first sign (OWASP)."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
