"""The outcome of the lab as a page: one file a language, self-contained, without scripts. Pure.

What it holds is that of `--json`: per degree the counts, a picture of the record with the limits, and the times behind
the counts as a table, for those who do not see the picture.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from statistics import median

from alerting.engine.rules import version
from floodcore.texts import Texts
from floodcore.words import Language, Quantity
from hladina import lab_picture
from hladina.lab import Trial, Tried, measured
from hladina.rule_history import Version

_NAMES = {Language.CS: "čeština", Language.DE: "Deutsch", Language.PL: "polski", Language.EN: "English"}
_UNITS = {Quantity.LEVEL: "cm", Quantity.DISCHARGE: "m³/s", Quantity.RAIN: "mm"}
_STYLE = """
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:0 auto;padding:1rem}
nav a{display:inline-block;padding:.5rem .75rem}
table{border-collapse:collapse}th,td{padding:.3rem .6rem;border-bottom:1px solid #8886;text-align:right}
th[scope=row],th:first-child,td.words{text-align:left}
.scroll{overflow-x:auto}
figure{margin:1rem 0}svg{min-width:44rem;width:100%;height:auto}
nav a[aria-current]{font-weight:bold}
.note{border-left:.3rem solid #888;padding-left:.75rem}
"""


def name(language: Language) -> str:
    """The name of the file in a language."""
    return f"lab.{language.value}.html"


class _Speaker:
    """Texts and figures in one language."""

    def __init__(self, texts: Texts, language: Language) -> None:
        self.texts, self.language = texts, language

    def say(self, key: str, **values: object) -> str:
        return escape(self.plain(key, **values))

    def plain(self, key: str, **values: object) -> str:
        """Not yet escaped."""
        return self.texts.say(self.language, f"lab.{key}", **values)

    def figure(self, value: float | None, unit: str = "") -> str:
        if value is None:
            return "–"
        text = f"{value:g}".replace("-", "\N{MINUS SIGN}")
        text = text if self.language is Language.EN else text.replace(".", ",")
        return f"{text}\N{NO-BREAK SPACE}{unit}" if unit else text


def page(texts: Texts, language: Language, found: Sequence[Tried], versions: Sequence[Version]) -> str:
    """The page of all stations that were tried; `versions` are those of the history it was saved to."""
    speaker = _Speaker(texts, language)
    title = speaker.say("title")
    current = ' aria-current="true"'
    links = " ".join(
        f'<a href="{name(each)}" lang="{each.value}" hreflang="{each.value}"{current if each is language else ""}>'
        f"{_NAMES[each]}</a>"
        for each in Language
    )
    parts = [
        f'<!doctype html>\n<html lang="{language.value}">\n<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body>",
        f'<nav aria-label="{speaker.say("languages")}">{links}</nav>\n<main>\n<h1>{title}</h1>',
        f'<p class="note">{speaker.say("note")}</p>',
        *(part for one in found for part in _station(speaker, one, versions)),
        "</main>\n</body>\n</html>",
    ]
    return "\n".join(parts) + "\n"


def _station(speaker: _Speaker, one: Tried, versions: Sequence[Version]) -> Iterator[str]:
    unit = _UNITS[one.station.quantity]
    yield f"<section>\n<h2>{escape(one.station.id)}</h2>"
    told = {"begin": f"{one.begin:%Y-%m-%d}", "end": f"{one.end:%Y-%m-%d}", "count": one.readings}
    calm = speaker.figure(one.rules.calm.total_seconds() / 60.0)
    yield f"<p>{speaker.say('record', **told)} {speaker.say('rules', version=one.version, calm=calm)}</p>"
    yield "<ul>"
    yield from (f"<li>{_sentence(speaker, trial, unit)}</li>" for trial in one.trials)
    yield "</ul>"
    yield from _table(speaker, one, unit)
    words = speaker.plain("picture.of", station=one.station.id)
    yield f'<figure><div class="scroll" tabindex="0" role="region" aria-label="{escape(words)}">'
    yield f"{lab_picture.picture(one, words, unit)}</div><figcaption>{speaker.say('picture')}</figcaption></figure>"
    yield from _times(speaker, one)
    yield from _history(speaker, [each for each in versions if each.station == one.station.id])
    yield "</section>"


def _sentence(speaker: _Speaker, trial: Trial, unit: str) -> str:
    """With these limits this record would have given n alerts, the first k minutes before, m false."""
    limit = _limit(speaker, trial, unit, reference=False)
    head = speaker.say("alerts", degree=int(trial.degree), limit=limit, count=len(trial.alerts), again=trial.again)
    if not measured(trial):
        return f"{head} {speaker.say('unmeasured')}"
    leads = [lead for _, lead in trial.crossings if lead is not None]
    worth = speaker.say("worth", crossings=len(trial.crossings), missed=len(trial.crossings) - len(leads),
                        false=len(trial.false))  # fmt: skip
    if not leads:
        return f"{head} {worth}"
    first, usual = (
        speaker.say("before" if each >= 0.0 else "after", minutes=abs(round(each)))
        for each in (leads[0], median(leads))
    )
    return f"{head} {worth} {speaker.say('lead', first=first, median=usual)}"


def _limit(speaker: _Speaker, trial: Trial, unit: str, *, reference: bool) -> str:
    if not trial.sums:
        return speaker.figure(trial.reference if reference else trial.limit, unit)
    pairs = [(minutes, other if reference else one) for minutes, one, other in trial.sums]
    said = [f"{speaker.figure(mm, 'mm')}/{minutes}\N{NO-BREAK SPACE}min" for minutes, mm in pairs if mm is not None]
    return ", ".join(said) or "–"


def _table(speaker: _Speaker, one: Tried, unit: str) -> Iterator[str]:
    columns = ("degree", "tried", "stands", "alerts", "again", "crossings", "first", "median", "missed", "false")
    heads = "".join(f'<th scope="col">{speaker.say(f"column.{key}")}</th>' for key in columns)
    caption = speaker.say("table")
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}"><table>'
    yield f"<thead><tr>{heads}</tr></thead>\n<tbody>"
    for trial in one.trials:
        leads = [lead for _, lead in trial.crossings if lead is not None]
        known = measured(trial)
        cells = [
            _limit(speaker, trial, unit, reference=False),
            _limit(speaker, trial, unit, reference=True),
            str(len(trial.alerts)),
            str(trial.again),
            str(len(trial.crossings)) if known else "–",
            speaker.figure(round(leads[0]) if leads else None, "min"),
            speaker.figure(round(median(leads)) if leads else None, "min"),
            str(len(trial.crossings) - len(leads)) if known else "–",
            str(len(trial.false)) if known else "–",
        ]
        yield f'<tr><th scope="row">{int(trial.degree)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
    yield "</tbody></table></div>"


def _times(speaker: _Speaker, one: Tried) -> Iterator[str]:
    yield f"<details><summary>{speaker.say('times')}</summary>"
    yield '<div class="scroll"><table><thead><tr>'
    heads = ("column.degree", "column.from", "column.until", "column.what")
    yield "".join(f'<th scope="col">{speaker.say(key)}</th>' for key in heads) + "</tr></thead>\n<tbody>"
    for trial in one.trials:
        false = set(trial.false)
        for span in trial.alerts:
            what = "false" if span.begin in false else "alert"
            end = speaker.say("open") if span.end is None else _utc(span.end)
            yield _row(int(trial.degree), _utc(span.begin), end, speaker.say(f"what.{what}"))
        for at, lead in trial.crossings:
            said = "what.missed" if lead is None else "what.crossing"
            yield _row(int(trial.degree), _utc(at), "", speaker.say(said, lead=speaker.figure(lead and round(lead))))
    yield "</tbody></table></div></details>"


def _row(degree: int, begin: str, end: str, what: str) -> str:
    return f'<tr><th scope="row">{degree}</th><td>{begin}</td><td>{end}</td><td class="words">{what}</td></tr>'


def _history(speaker: _Speaker, versions: Sequence[Version]) -> Iterator[str]:
    if not versions:
        return
    yield f"<h3>{speaker.say('history')}</h3>\n<ul>"
    for one in versions:
        limits = ", ".join(f"{int(degree)}: {speaker.figure(value)}" for degree, value in one.rules.limits.items())
        words = f"{_utc(one.valid_from)} · {limits} · {one.author}: {one.reason} · {version(one.rules)}"
        yield f"<li>{escape(words)}</li>"
    yield "</ul>"


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
