"""Sentences about a mark in the reader's language, shared by map, table, station page and chart. Pure.

Whatever names a value that is not fresh also says since when it is stale (goal G27): the one way to
a value on a page is `value_words` together with `state_words`, and tests hold that.
"""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from floodcore.store.notes import cause_of
from floodcore.texts import Texts
from floodcore.words import Degree, Freshness, Language, Quantity, Trend
from portal.localtime import duration, number, short_stamp
from portal.marks import Mark

ARROWS = {Trend.RISING: "↗", Trend.FALLING: "↘", Trend.STEADY: "→", Trend.UNKNOWN: ""}
# A character of the private use area stands in no text; the age's place in the sentence is found by it.
_HOLE = "\ue000"


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom we speak to, and when."""

    texts: Texts
    language: Language
    now: datetime

    def say(self, key: str, **values: object) -> str:
        """The text of `key`."""
        return self.texts.say(self.language, key, **values)

    def value(self, mark: Mark) -> str:
        """`215 cm`, rain with the time in which it fell (`2,4 mm / 10 min`), or a dash when there is none."""
        if mark.value is None:
            return "–"
        unit = self.say(f"unit.{mark.unit}")
        if mark.quantity is Quantity.RAIN:
            unit += f" /\N{NO-BREAK SPACE}{duration(mark.station.interval)}"
        return f"{number(mark.value, mark.quantity, self.language)}\N{NO-BREAK SPACE}{unit}"

    def trend(self, mark: Mark) -> str:
        """The trend in words, with its rate; none of rain, nor of a mark that is not fresh enough to have one."""
        if mark.quantity is Quantity.RAIN or mark.freshness_at(self.now) in {Freshness.SILENT, Freshness.NEVER}:
            return ""
        words = self.say(f"trend.{mark.trend.value}")
        if mark.trend_per_hour is None or mark.trend in {Trend.UNKNOWN, Trend.STEADY}:
            return words
        rate = number(mark.trend_per_hour, mark.quantity, self.language)
        plus = "+" if mark.trend_per_hour > 0 else ""
        return f"{words} ({plus}{rate}\N{NO-BREAK SPACE}{self.say(f'unit.{mark.unit}')}/h)"

    def degree(self, degree: int | None, scheme: str) -> str:
        """The degree in full words of its own scale."""
        if degree is None:
            return self.say("page.degree.unknown")
        if scheme == "spa" or degree == Degree.NONE:
            return self.say(f"degree.{degree}") if scheme == "spa" else self.say(f"page.scheme.{scheme}.none")
        return self.say(f"page.scheme.{scheme}.long", degree=degree)

    def freshness(self, mark: Mark) -> str:
        """`last value 12 min ago, expected every 10 min`, and `stale since …` for whatever is not fresh."""
        return self.freshness_with(mark, "" if mark.observed_at is None else duration(self.now - mark.observed_at))

    def aged(self, mark: Mark) -> Markup:
        """The same, its age in an element that the browser counts on, also when it hears nothing more."""
        if mark.observed_at is None:
            return escape(self.freshness(mark))
        age = Markup('<time data-age datetime="{}">{}</time>').format(
            mark.observed_at.isoformat(), duration(self.now - mark.observed_at)
        )
        before, _, after = self.freshness_with(mark, _HOLE).partition(_HOLE)
        return escape(before) + age + escape(after)

    def freshness_with(self, mark: Mark, age: str) -> str:
        """The sentence of `freshness` with `age` in the place of the age."""
        shown = mark.freshness_at(self.now)
        if mark.observed_at is None:
            return self.say("page.fresh.never")
        places = {
            "age": age,
            "interval": duration(mark.station.interval),
            "since": self.moment(mark.observed_at),
        }
        doubts = mark.doubted_by(self.now)
        if doubts:
            return self.say("page.fresh.doubted", why="; ".join(self.doubt(one.test) for one in doubts), **places)
        return self.say(f"page.fresh.{shown.value}", **places)

    def cause(self, cause: str | None) -> str:
        """What people say lies behind the water, in words; empty when nobody has said so."""
        if not cause:
            return ""
        return self.say(f"cause.{cause}") if f"cause.{cause}" in self.texts.known else cause

    def caused(self, mark: Mark) -> str:
        """The cause that tags the degree of a mark, as `cause: ice jam`; empty when nobody has said so."""
        words = self.cause(cause_of(mark.notes))
        return self.say("cause.tag", cause=words) if words else ""

    def doubt(self, test: str) -> str:
        """What a series is doubted for beside its neighbours, in few words."""
        key = f"doubt.short.{test}"
        return self.say(key if key in self.texts.known else "doubt.short.other")

    def moment(self, moment: datetime | None) -> str:
        """Day and clock as short as they stay plain."""
        return "–" if moment is None else short_stamp(moment, self.now, self.language)

    def place(self, mark: Mark) -> str:
        """The station's name; its number if it has none."""
        return mark.station.names.of(self.language).strip() or mark.station.id

    def standing(self, mark: Mark) -> str:
        """What must change before a mark is told anew: the degree reached, declared or expected, or its silence."""
        silent = " silent" if mark.freshness_at(self.now) is Freshness.SILENT else ""
        declared = "" if mark.degree_declared is None else f" declared {mark.degree_declared}"
        expected = "" if mark.degree_expected is None else f" expected {mark.degree_expected}"
        return f"{mark.degree_reached or 0}{silent}{declared}{expected}"

    def label(self, mark: Mark, expected: str = "") -> str:
        """The whole mark in one sentence, for those who hear it; `expected` as `portal.ahead.spoken` words it."""
        declared = "" if mark.degree_declared is None else self.degree(mark.degree_declared, "spa")
        return ", ".join(
            part
            for part in (
                self.place(mark),
                self.say("page.reached") + ": " + self.degree(mark.degree_reached, mark.scheme),
                declared and self.say("page.declared") + ": " + declared,
                expected and self.say("page.expected") + ": " + expected,
                self.value(mark),
                self.trend(mark),
                self.freshness(mark),
            )
            if part
        )
