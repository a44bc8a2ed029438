"""`hladina lab`: try other limits, hysteresis and calm time on a record; say what they would have been worth."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from pathlib import Path
from statistics import median

from alerting.engine import forecast_odds, rain_sums
from alerting.engine.rain_sums import RainRules
from alerting.engine.rules import version
from floodcore.texts import load
from floodcore.words import Degree, Language, Quantity
from hladina import lab_page, rule_history, takeover
from hladina.lab import Proposal, Span, Trial, Tried, measured, tried
from hladina.rain_list import with_sums
from hladina.records import read_readings
from hladina.rule_history import Version
from hladina.spread import progress
from hladina.station_list import InputError, Recorded, canonical, read_stations

FORMAT = 1
_LONGEST_CALM_MIN = 366 * 24 * 60  # more is a slip of the pen


def main(argv: Sequence[str]) -> int:
    """Run the command; returns 0 ok, 1 the input cannot be used, 2 misuse."""
    parser = _parser()
    try:
        options = parser.parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    if misuse := _misuse(options):
        print(misuse, file=sys.stderr)
        return 2
    try:
        found = _run(options)
    except InputError as error:
        print("\n".join(error.faults), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename}: {error.strerror or error}", file=sys.stderr)
        return 1
    for one in found:
        print("\n".join(sentences(one)))
    if options.snippet:
        for one in found:
            print(f"\n# below the entry of {one.station.id} in the station file; then: hladina check")
            print(takeover.lines(_version_of(options, one), options.source), end="")
    return 0


def _misuse(options: argparse.Namespace) -> str:
    """What does not go together; empty if all does."""
    why = options.author and options.reason and options.valid_from
    if options.save and not why:
        return "--save wants --author, --reason and --valid-from: a rule without them is no version"
    if options.snippet and not (why and options.source):
        return "--snippet wants --author, --reason, --valid-from and --source (an id in sources.yaml)"
    if options.snippet and (options.hysteresis is not None or options.calm is not None):
        return "--snippet is of limits: hysteresis and calm time are one for all stations, and in no station file"
    return ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hladina lab", description="Try limits, hysteresis and calm time on a record."
    )
    parser.add_argument("--stations", type=Path, required=True, metavar="FILE", help="YAML list, as for hindcast")
    parser.add_argument("--readings", type=Path, required=True, nargs="+", metavar="FILE", help="CSV or CSV.gz")
    parser.add_argument(
        "--thresholds",
        action="append",
        metavar="[ID:]1=V,2=V,…",
        default=[],
        help="limits to try, in the unit of the station; without ID for every station",
    )
    for name, ground in (("--sums", "any ground"), ("--saturated", "saturated ground")):
        told = f"limits of a rain sum in mm on {ground}; windows 10min, 1h, 3h, 24h"
        parser.add_argument(name, action="append", metavar="[ID:]WINDOW:1=V,…", default=[], help=told)
    parser.add_argument(
        "--hysteresis", type=_amount, metavar="X", help="cm for levels, a share such as 0.05 for discharge and rain"
    )
    parser.add_argument("--calm", type=_minutes, metavar="MIN", help="minutes of calm before a degree falls")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the outcome as data for a page")
    parser.add_argument("--html", type=Path, metavar="DIR", help="write the outcome as pages, one a language")
    parser.add_argument(
        "--snippet", action="store_true", help="print the limits as lines for the station files, to be taken over"
    )
    parser.add_argument(
        "--source", metavar="ID", help="where the limits come from, for --snippet: an id in sources.yaml"
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="put the rules as a new version into this history")
    parser.add_argument("--author")
    parser.add_argument("--reason")
    parser.add_argument("--valid-from", type=_moment, metavar="TIME", help="ISO 8601; without a zone it is UTC")
    return parser


def _amount(text: str) -> float:
    """A finite number that is not below 0.

    Raises:
        argparse.ArgumentTypeError: it is not; argparse says so and ends with 2.
    """
    try:
        amount = float(text)
    except ValueError:
        amount = float("nan")
    if not isfinite(amount) or amount < 0.0:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: a finite number of at least 0 is wanted")
    return amount


def _minutes(text: str) -> float:
    minutes = _amount(text)
    if minutes > _LONGEST_CALM_MIN:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: more than a year ({_LONGEST_CALM_MIN} min) is no calm time")
    return minutes


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _run(options: argparse.Namespace) -> list[Tried]:
    stations, notices = read_stations(options.stations)
    limits = _limits(options.thresholds, stations)
    sums = _sums(options, stations)
    records = read_readings(options.readings, stations)
    print("\n".join((*notices, *records.said())), end="\n" if notices or records.said() else "", file=sys.stderr)
    calm = None if options.calm is None else timedelta(minutes=options.calm)
    asked = options.thresholds or options.sums or options.saturated
    chosen = [one for key, one in stations.items() if key in limits or key in sums or not asked]
    odds, size = forecast_odds.generic(), options.hysteresis
    outcomes = (
        tried(one, records.by_station, stations, Proposal(limits.get(one.id), sums.get(one.id), size, calm), odds)
        for one in chosen
    )
    found = [one for one in progress(outcomes, len(chosen), "tried") if one is not None]
    if not found:
        raise InputError(["nothing to try: no station of the list has both readings and limits"])
    versions = _save(options, found) if options.save else []
    if options.json:
        text = json.dumps([data(one, versions) for one in found], indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    if options.html:
        options.html.mkdir(parents=True, exist_ok=True)
        texts = load()
        for language in Language:
            page = lab_page.page(texts, language, found, versions)
            (options.html / lab_page.name(language)).write_text(page, encoding="utf-8")
    return found


def _limits(texts: Sequence[str], stations: dict[str, Recorded]) -> dict[str, dict[Degree, float]]:
    """The limits to try by station, in the canonical unit; a station's own come before those for every station."""
    found: dict[str, dict[Degree, float]] = {}
    for text in sorted(texts, key=lambda one: ":" in one):
        name, _, pairs = text.rpartition(":")
        if name and name not in stations:
            raise InputError([f"--thresholds {text}: no station {name} in the list"])
        for key in [name] if name else stations:
            if stations[key].quantity is not Quantity.RAIN:
                found[key] = _pairs(pairs, f"--thresholds {text}", stations[key])
            elif name:
                raise InputError([f"--thresholds {text}: rain is judged by sums; see --sums"])
    return found


def _sums(options: argparse.Namespace, stations: Mapping[str, Recorded]) -> dict[str, RainRules]:
    """The rain rules to try by station, whole: what is not named stays as in the list."""
    named: dict[str, list[tuple[str, dict[Degree, float], bool]]] = {}
    for text, saturated in [*((t, False) for t in options.sums), *((t, True) for t in options.saturated)]:
        rest, _, pairs = text.rpartition(":")
        name, _, window = rest.rpartition(":")
        said = f"{'--saturated' if saturated else '--sums'} {text}"
        if name and (name not in stations or stations[name].quantity is not Quantity.RAIN):
            raise InputError([f"{said}: no rain gauge {name} in the list"])
        for key in [name] if name else [k for k, one in stations.items() if one.quantity is Quantity.RAIN]:
            named.setdefault(key, []).append((window, _pairs(pairs, said, stations[key]), saturated))
    found = {}
    for key, sums in named.items():
        try:
            found[key] = with_sums(stations[key].rain, sums)
        except ValueError as error:
            raise InputError([f"--sums of {key}: {error}"]) from None
    return found


def _pairs(pairs: str, said: str, station: Recorded) -> dict[Degree, float]:
    try:
        limits = {
            Degree(int(degree)): canonical(station, float(value), station.unit)
            for degree, value in (pair.split("=") for pair in pairs.split(","))
        }
    except ValueError:
        raise InputError([f"{said}: degree=value pairs are wanted, such as 1=80,2=100"]) from None
    if not all(map(isfinite, limits.values())):
        raise InputError([f"{said}: a limit is a finite number"])
    rising = list(dict(sorted(limits.items())).values())
    if rising != sorted(rising) or Degree.NONE in limits:
        raise InputError([f"{said}: the limits of degrees 1 to 4 must rise"])
    return dict(sorted(limits.items()))


def _save(options: argparse.Namespace, found: Sequence[Tried]) -> list[Version]:
    """All versions or none: the file is written once, whole. Returns what it holds."""
    path: Path = options.save
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for one in found:
        text = rule_history.added(text, str(path), _version_of(options, one))
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    return rule_history.parse(text, str(path))


def _version_of(options: argparse.Namespace, one: Tried) -> Version:
    return Version(one.station.id, options.valid_from, options.author, options.reason, one.rules)


def sentences(one: Tried) -> list[str]:
    """What the rules would have been worth, a line per degree."""
    head = f"{one.station.id}: {one.begin:%Y-%m-%d} to {one.end:%Y-%m-%d}, {one.readings} readings, rules {one.version}"
    return [head, *(f"  {_sentence(trial)}" for trial in one.trials)]


def _sentence(trial: Trial) -> str:
    limit = _limit(trial.limit, [(minutes, one) for minutes, one, _ in trial.sums])
    alerts = f"degree {trial.degree:d} at {limit}: {len(trial.alerts)} alerts, {trial.again} again within 2 h"
    if not measured(trial):
        return alerts
    leads = [lead for _, lead in trial.crossings if lead is not None]
    when = f"first {leads[0]:.0f} min before the crossing (median {median(leads):.0f})" if leads else "none before one"
    missed = len(trial.crossings) - len(leads)
    return (
        f"{alerts}; {len(trial.crossings)} crossings of "
        f"{_limit(trial.reference, [(minutes, one) for minutes, _, one in trial.sums])}, {when}, "
        f"{missed} missed, {len(trial.false)} false"
    )


def _limit(limit: float | None, sums: Sequence[tuple[int, float | None]]) -> str:
    if not sums:
        return "none" if limit is None else f"{limit:g}"
    return " or ".join(f"{mm:g} mm in {minutes} min" for minutes, mm in sums if mm is not None) or "none"


def data(one: Tried, versions: Sequence[Version] = ()) -> dict[str, object]:
    """The outcome as data for a page; times ISO 8601 UTC, values in the canonical unit (cm, m3/s).

    `versions` are those of the history it was saved to, of all stations.
    """
    rules = one.rules
    return {
        "format": FORMAT,
        "station": one.station.id,
        "rules": {
            "version": one.version,
            "limits": {str(int(d)): v for d, v in rules.limits.items()},
            "hysteresis_cm": rules.hysteresis_cm,
            "hysteresis_share": rules.hysteresis_share if rules.rain is None else rules.rain.hysteresis_share,
            "calm_min": rules.calm.total_seconds() / 60.0,
            "quantity": str(rules.quantity),
            "rain": None if rules.rain is None else rain_sums.written(rules.rain),
        },
        "record": {"begin": one.begin.isoformat(), "end": one.end.isoformat(), "readings": one.readings},
        "degrees": [_trial(trial) for trial in one.trials],
        "history": [_version(version) for version in versions if version.station == one.station.id],
    }


def _version(one: Version) -> dict[str, object]:
    return {
        "version": version(one.rules),
        "valid_from": one.valid_from.isoformat(),
        "author": one.author,
        "reason": one.reason,
        "limits": {str(int(d)): v for d, v in one.rules.limits.items()},
        "hysteresis_cm": one.rules.hysteresis_cm,
        "hysteresis_share": one.rules.hysteresis_share,
        "calm_min": one.rules.calm.total_seconds() / 60.0,
    }


def _counts(trial: Trial) -> dict[str, float | None]:
    """How many alerts, how long before the crossing the first and the usual one came, how many missed and false.

    Null where the station has no limit of its own to measure by, or no alert came with a crossing.
    """
    leads = [lead for _, lead in trial.crossings if lead is not None]
    known = measured(trial)
    return {
        "alerts": len(trial.alerts),
        "crossings": len(trial.crossings) if known else None,
        "first_minutes_before": leads[0] if leads else None,
        "median_minutes_before": median(leads) if leads else None,
        "missed": len(trial.crossings) - len(leads) if known else None,
        "false": len(trial.false) if known else None,
    }


def _trial(trial: Trial) -> dict[str, object]:
    return {
        "degree": int(trial.degree),
        "limit": trial.limit,
        "reference": trial.reference,
        "sums": [{"window_min": m, "limit": one, "reference": other} for m, one, other in trial.sums],
        "counts": _counts(trial),
        "alerts": [_span(span) for span in trial.alerts],
        "again_within_2h": trial.again,
        "crossings": [{"at": at.isoformat(), "alert_minutes_before": lead} for at, lead in trial.crossings],
        "false": [at.isoformat() for at in trial.false],
        "warned": [
            {"horizon_min": w.horizon_min, "leads_min": list(w.leads_min), "missed": w.missed, "false": w.false}
            for w in trial.warned
        ],
    }


def _span(span: Span) -> dict[str, str | None]:
    return {"begin": span.begin.isoformat(), "end": None if span.end is None else span.end.isoformat()}
