"""Whose data we show, and what each source asks of those who show them. Pure; one row a source.

Sources: docs/sources/<name>.md (ČHMÚ and LHP CC BY 4.0, PEGELONLINE DL-DE Zero 2.0, IMGW attribution, Environment
Agency OGL 3). What a row does not know it leaves empty and the page says so. The words in `credit` are the names
the sources go by; the wording IMGW and the Environment Agency ask for is general knowledge, to be confirmed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

_CC_BY = ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/")
_OGL = ("Open Government Licence v3.0", "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/")
_ZERO = ("dl-de/zero-2-0", "https://www.govdata.de/dl-de/zero-2-0")


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one source by the name it has in `observation.source`.

    `owner` is empty where the data are those of the operator of the gauge. `asks` is a text `terms.asks.<asks>`:
    "credit" (name the owner, say what was changed), "named" (name the owner), "nothing", "unknown" (to be asked
    before the data are shown to the public), "own" (agreed with the operator of the gauge).
    """

    source: str
    owner: str = ""
    licence: str = ""
    address: str = ""
    asks: str = "own"
    credit: str = ""


_ROWS = (
    Terms("chmu", "ČHMÚ", *_CC_BY, "credit", "ČHMÚ"),
    Terms("chmu_rain", "ČHMÚ", *_CC_BY, "credit", "ČHMÚ"),
    Terms("chmu_cap", "ČHMÚ", asks="unknown", credit="ČHMÚ"),
    Terms("hpps", "ČHMÚ", asks="unknown", credit="ČHMÚ"),
    Terms("povodi_labe", "Povodí Labe, s. p.", asks="unknown", credit="Povodí Labe, s. p."),
    Terms("povodi_ohre", "Povodí Ohře, s. p.", asks="unknown", credit="Povodí Ohře, s. p."),
    Terms("saxony", "LfULG Sachsen", asks="unknown", credit="LfULG Sachsen"),
    Terms("saxony_rss", "LfULG Sachsen", asks="unknown", credit="LfULG Sachsen"),
    Terms("lhp", "LHP", *_CC_BY, "credit", "Länderübergreifendes Hochwasserportal (LHP)"),
    Terms("imgw", "IMGW-PIB", asks="named", credit="Instytut Meteorologii i Gospodarki Wodnej – PIB (IMGW-PIB)"),
    Terms("pegelonline", "WSV", *_ZERO, "nothing", "PEGELONLINE (WSV)"),
    Terms("hubeau", "Hub'Eau", asks="unknown", credit="Hub'Eau"),
    Terms("ea", "Environment Agency", *_OGL, "named",
          "Environment Agency flood and river level data from the real-time data API (Beta)"),
    Terms("patrol", "flood patrol", credit="flood patrol of the municipality"),
    *(Terms(each) for each in ("push", "tts", "chirpstack", "hardwario", "sensorthings", "fiedler", "export", "sms")),
)  # fmt: skip
TERMS = MappingProxyType({row.source: row for row in _ROWS})


def of(source: str) -> Terms:
    """The terms of `source`; of one that stands in no row nothing is known."""
    return TERMS.get(source, Terms(source, asks="unknown"))


def owner(source: str, operator: str) -> str:
    """Who is named beside a value of `source`: its owner, else the operator of the gauge, else the source."""
    return of(source).owner or operator or source


def credit(source: str, operator: str) -> str:
    """The line that names the source of data that are handed on, with the licence where one is known."""
    terms = of(source)
    name = terms.credit or operator or source
    return f"{name} ({terms.licence})" if terms.licence else name


def credits_of(sources: Iterable[str], operator: str) -> list[str]:
    """The lines of several sources, each once, in order."""
    return sorted({credit(source, operator) for source in sources if source})
