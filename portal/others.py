"""What others say and whose data these are, for programs: the answers of /api/v1/context and /api/v1/sources. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from floodcore.context import Warned
from floodcore.store.context import MAX_AGE, MAX_IMPORT, NEVER, TOLD, Doubt, Graded, Standing
from floodcore.store.views import SourceView
from floodcore.words import Language
from portal import terms
from portal.geojson import Json, graded_words, iso
from portal.plain import plain
from portal.voices import EXPECTED

_EVENT, _TEXT, _WORD, _PROFILE = 200, 4000, 20, 300


def bulletins(
    standings: Iterable[Standing], now: datetime, codes: frozenset[str], max_import: Mapping[str, timedelta]
) -> list[Json]:
    """What every source of warnings says for the districts `codes`; an expected one also when nothing ever came."""
    found = {each.source: each for each in standings}
    sources = [*EXPECTED, *sorted(found.keys() - set(EXPECTED))]
    return [_bulletin(source, found.get(source), now, codes, max_import.get(source, MAX_IMPORT)) for source in sources]


def _bulletin(
    source: str, standing: Standing | None, now: datetime, codes: frozenset[str], max_import: timedelta
) -> Json:
    said = Doubt(NEVER) if standing is None else standing.says(now, max_import=max_import)
    last = said.last if isinstance(said, Doubt) else said
    told = () if last is None else last.warnings
    here: list[Json] = [_warning(each) for each in told if not each.areas or codes & set(each.areas)]
    doubted = isinstance(said, Doubt)
    return {
        "source": source,
        "issuer": terms.owner(source, ""),
        "state": said.why if isinstance(said, Doubt) else TOLD,
        "fault": (plain(said.fault, _PROFILE) or None) if isinstance(said, Doubt) else None,
        "identifier": None if last is None else plain(last.identifier, _EVENT),
        "sent": iso(last.sent) if last is not None else None,
        "imported_at": iso(standing.told_at) if standing is not None and last is not None else None,
        "tried_at": iso(standing.tried_at) if standing is not None else None,
        "max_age_s": MAX_AGE.total_seconds(),
        "max_import_s": max_import.total_seconds(),
        "warnings": None if doubted else here,
        "last_said": here if doubted and last is not None else None,
        "elsewhere": len(told) - len(here),
    }


def _warning(warned: Warned) -> Json:
    return {
        "code": plain(warned.code, _WORD),
        "severity": plain(warned.severity, _WORD),
        "certainty": plain(warned.certainty, _WORD),
        "onset": iso(warned.onset),
        "expires": iso(warned.expires),
        "cisorp": [plain(code, _WORD) for code in warned.areas],
        "flood": warned.flood,
        "event": _texts(warned.event, _EVENT),
        "text": _texts(warned.text, _TEXT),
        "profiles": [plain(each, _PROFILE) for each in warned.profiles],
    }


def _texts(texts: Mapping[Language, str], most: int) -> Json:
    return {language.value: text for language, told in texts.items() if (text := plain(told, most))}


def classes(graded: Iterable[Graded], now: datetime) -> list[Json]:
    """All classes with their gauges."""
    return [{"station": each.station_id, **graded_words(each, now)} for each in graded]


def in_use(sources: Iterable[SourceView], standings: Iterable[Standing]) -> list[SourceView]:
    """The sources that were ever asked or heard, by name. A door that carries others (MQTT) is none."""
    heard = (each for each in sources if each.source in terms.TERMS or each.readings > 0)
    found = {each.source: each for each in heard if each.ok_at is not None or each.fault}
    for each in standings:
        found.setdefault(each.source, SourceView(each.source, each.told_at, None, each.fault, 0, 0, 0))
    return [found[name] for name in sorted(found)]


def source_row(source: SourceView) -> Json:
    """One source with its terms."""
    it = terms.of(source.source)
    return {
        "source": source.source,
        "owner": it.owner or None,
        "licence": it.licence or None,
        "licence_url": it.address or None,
        "asks": it.asks,
        "credit": it.credit or None,
        "last_at": iso(source.ok_at),
        "failing": bool(source.fault),
    }


def credits_in_use(sources: Iterable[SourceView]) -> list[str]:
    """The names of all owners in use with their licences, each once; ČHMÚ always, whose limits we show."""
    used = [terms.of(each.source) for each in in_use(sources, ())]
    found = {"ČHMÚ (CC BY 4.0)"} | {
        terms.credit(each.source, "") for each in used if each.owner and each.owner != "ČHMÚ"
    }
    return sorted(found)
