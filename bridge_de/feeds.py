"""Feeds of the messages in force: Atom with links, Atom with the documents inside, RSS 2.0 (pure).

Follows "Example Practices: CAP Feeds 1.0" (OASIS): the first link of an entry is the CAP document, no
elements of our own. An empty feed stays valid and its `updated` moves with the heartbeat, so that a
reader can tell calm from death.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from lxml import etree

from bridge_de.cap import stamp
from bridge_de.wording import exercise_mark
from floodcore.store.warnings import StoredMessage
from floodcore.texts import Texts
from floodcore.words import Language

ATOM = "http://www.w3.org/2005/Atom"
CAP_TYPE = "application/cap+xml"
# Superseded messages are shown so that a chain can be followed, but never enough of them to hide heads.
_MOST_SUPERSEDED = 200


@dataclass(frozen=True, slots=True)
class Scene:
    """What a feed is made of: its address without file name, heartbeat (data time), messages newest first.

    `measuring` says whether measurements arrive; without it nothing may look calm.
    """

    base_url: str
    site_url: str
    beat: datetime
    messages: Sequence[StoredMessage]
    measuring: bool
    exercise: bool

    @property
    def updated(self) -> datetime:
        """When the feed last showed anything new, be it the heartbeat."""
        return max([self.beat, *(message.sent for message in self.messages)])

    def document_url(self, message: StoredMessage) -> str:
        """Where the bytes of `message` are served."""
        return f"{self.base_url}/cap/{message.identifier}.xml"


def heads(messages: Sequence[StoredMessage]) -> list[StoredMessage]:
    """The newest message of each chain, newest first."""
    newest: dict[str, StoredMessage] = {}
    for message in messages:
        newest.setdefault(message.chain, message)
    return list(newest.values())


def shown(messages: Sequence[StoredMessage]) -> list[StoredMessage]:
    """All heads and the newest superseded messages, newest first."""
    leading = {message.cap_id for message in heads(messages)}
    superseded = [message.cap_id for message in messages if message.cap_id not in leading]
    kept = leading | set(superseded[:_MOST_SUPERSEDED])
    return [message for message in messages if message.cap_id in kept]


def title(scene: Scene, texts: Texts) -> str:
    """The name of the feed; an exercise says so before all else."""
    name = texts.say(Language.CS, "cap.feed.title")
    return f"{exercise_mark(texts)}: {name}" if scene.exercise else name


def atom(scene: Scene, texts: Texts, file_name: str, *, fat: bool) -> bytes:
    """An Atom feed; `fat` puts each document inside its entry for readers that follow no links."""
    feed = etree.Element(_atom("feed"), nsmap={None: ATOM})  # type: ignore[dict-item]  # stubs forget the default
    own_url = f"{scene.base_url}/{file_name}"
    _add(feed, _atom("id"), own_url)
    _add(feed, _atom("title"), title(scene, texts))
    _add(feed, _atom("updated"), stamp(scene.updated))
    _add(etree.SubElement(feed, _atom("author")), _atom("name"), texts.say(Language.CS, "cap.sender_name"))
    etree.SubElement(feed, _atom("link"), rel="self", type="application/atom+xml", href=own_url)
    for message in shown(scene.messages):
        entry = etree.SubElement(feed, _atom("entry"))
        url = scene.document_url(message)
        _add(entry, _atom("id"), url)
        _add(entry, _atom("title"), _headline(message))
        _add(entry, _atom("updated"), stamp(message.sent))
        _add(entry, _atom("published"), stamp(message.sent))
        etree.SubElement(entry, _atom("link"), type=CAP_TYPE, href=url)
        if fat:
            content = etree.SubElement(entry, _atom("content"), type="text/xml")
            content.append(etree.fromstring(message.body))
        else:
            _add(entry, _atom("summary"), message.headline_de)
    return _bytes(feed)


def rss(scene: Scene, texts: Texts, file_name: str) -> bytes:
    """The same list as RSS 2.0."""
    root = etree.Element("rss", version="2.0", nsmap={"atom": ATOM})
    channel = etree.SubElement(root, "channel")
    _add(channel, "title", title(scene, texts))
    _add(channel, "link", scene.site_url)
    _add(channel, "description", texts.say(Language.DE, "cap.feed.title"))
    _add(channel, "language", "cs")
    _add(channel, "lastBuildDate", format_datetime(scene.updated))
    etree.SubElement(
        channel, _atom("link"), rel="self", type="application/rss+xml", href=f"{scene.base_url}/{file_name}"
    )
    for message in shown(scene.messages):
        item = etree.SubElement(channel, "item")
        url = scene.document_url(message)
        _add(item, "title", _headline(message))
        _add(item, "description", message.headline_de)
        _add(item, "link", url)
        _add(item, "guid", url).set("isPermaLink", "true")
        _add(item, "pubDate", format_datetime(message.sent))
    return _bytes(root)


def _headline(message: StoredMessage) -> str:
    return f"{message.headline_cs} | {message.headline_de}"


def _add(parent: etree._Element, name: str, text: str) -> etree._Element:
    node = etree.SubElement(parent, name)
    node.text = text
    return node


def _atom(local: str) -> str:
    return f"{{{ATOM}}}{local}"


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"
