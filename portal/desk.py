"""What every page and answer of the portal works with."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from floodcore.house import House
from floodcore.words import Freshness, Language, Quantity
from portal import ahead, others, shapes, terms
from portal.answers import Policy
from portal.assets import Assets
from portal.board import Board, Bytes
from portal.marks import Mark
from portal.reading import ARROWS, Reader
from portal.wellbeing import incident_words

_KEPT_S = 1.0
_KEPT_PAGES = 200


@dataclass(slots=True)
class Desk:
    """House, board, templates, files and headers. One per house."""

    house: House
    board: Board
    assets: Assets
    policy: Policy
    templates: Environment
    keys: frozenset[str] = frozenset()
    streams: int = 0
    scripts: dict[Language, Bytes] = field(default_factory=dict)
    _pages: dict[tuple[str, ...], tuple[float, Bytes]] = field(default_factory=dict)

    def reader(self, language: Language) -> Reader:
        """A reader of `language` at this moment of the data's clock."""
        return Reader(self.house.texts, language, self.house.clock.now())

    def render(self, template: str, reader: Reader, **values: object) -> str:
        """A page. Everything in `values` is escaped by the template engine."""
        board = self.board
        since = board.stale_since()
        return self.templates.get_template(template).render(
            t=reader.say,
            reader=reader,
            language=reader.language.value,
            languages=[(code.value, self.house.texts.say(code, "language.name")) for code in Language],
            exercise=self.house.settings.exercise,
            stale_since=None if since is None else reader.moment(since),
            incidents=[incident_words(reader, incident) for incident in board.snapshot.incidents],
            never_read=board.snapshot.read_at is None,
            credits=", ".join(others.credits_in_use(board.snapshot.sources)),
            speed=self.house.clock.speed,
            etag=board.map_bytes().etag.strip('"'),
            Freshness=Freshness,
            river_name=self.river_name,
            arrow=_arrow,
            credit=credit_words,
            **values,
        )

    def river_name(self, mark: Mark | None, language: str) -> str:
        """The river's name in `language`, its id when the files do not know it, empty without a river."""
        if mark is None or mark.station.river is None:
            return ""
        river = self.house.network.rivers.get(mark.station.river)
        return mark.station.river if river is None else river.names.of(Language(language))

    def kept(self, key: tuple[str, ...], make: Callable[[], str]) -> Bytes:
        """The page under `key`, rendered once a second and once a change, so that a crowd costs one rendering.

        A page older than the map would be fetched anew at its change and still show what was.
        """
        key = (*key, str(self.board.stale), self.board.map_bytes().etag)
        found = self._pages.get(key)
        now = time.monotonic()
        if found is not None and now - found[0] < _KEPT_S:
            return found[1]
        if len(self._pages) >= _KEPT_PAGES:
            self._pages.clear()
        body = Bytes.of(make().encode())
        self._pages[key] = (now, body)
        return body


def credit_words(reader: Reader, source: str, operator: str) -> str:
    """The name beside a value: in the reader's words where the source is people, else as it goes by."""
    key = f"terms.owner.{source}"
    return reader.say(key) if key in reader.texts.known else terms.credit(source, operator)


def owner_words(reader: Reader, source: str, operator: str) -> str:
    """The same without the licence, for rows of values: the licence stands beside the first one."""
    key = f"terms.owner.{source}"
    return reader.say(key) if key in reader.texts.known else terms.owner(source, operator)


def _told_of(reader: Reader, mark: Mark) -> Markup:
    """What the browser needs to tell a change of this mark to those who hear the page."""
    return Markup('data-id="{}" data-standing="{}" data-told="{}"').format(
        mark.station.id, reader.standing(mark), reader.label(mark, ahead.spoken(reader, mark))
    )


def _arrow(mark: Mark, now: datetime) -> str:
    """The trend as an arrow; none for rain, nor for a mark that no longer knows."""
    unknown = mark.quantity is Quantity.RAIN or mark.freshness_at(now) in {Freshness.SILENT, Freshness.NEVER}
    return "" if unknown else ARROWS[mark.trend]


def _svg(
    degree: int | None,
    freshness: Freshness,
    scheme: str = "spa",
    expected: int | None = None,
    *,
    current: bool = True,
    unproved: bool = False,
) -> Markup:
    drawn = shapes.svg(degree, freshness, scheme, expected, current=current, unproved=unproved)
    return Markup(drawn)  # noqa: S704  # numbers and enums


def templates(assets: Assets) -> Environment:
    """The template engine: everything is escaped, an unknown name is an error."""
    environment = Environment(
        loader=PackageLoader("portal"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = assets.url
    environment.globals["svg_mark"] = _svg
    environment.globals["svg_of"] = lambda mark, now: _svg(
        mark.degree_reached,
        mark.freshness_at(now),
        mark.scheme,
        mark.degree_expected,
        current=mark.foresees_at(now),
        unproved=bool(mark.unproved),
    )
    environment.globals["svg_ahead"] = lambda degree: Markup(shapes.hollow(degree))  # noqa: S704  # a number
    environment.globals["told_of"] = _told_of
    environment.globals["expected_sentence"] = ahead.sentence
    environment.globals["expected_short"] = ahead.short
    return environment
