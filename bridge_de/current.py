"""`current.xml`: one CAP document of all that is in force, for readers that know no feeds (pure).

Modelled on the single current document of ČHMÚ. It repeats the info blocks of the newest message of
each chain and is a message of its own without references: a partner reads the feed or this, not both.
With nothing in force it says so in both languages, and it says something else when nobody measures.
"""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from lxml import etree

from bridge_de.cap import NAMESPACE, PREFIX, Alert, Area, Info, MsgType, Status, stamp
from bridge_de.compose import LANGUAGES
from bridge_de.feeds import Scene, heads
from bridge_de.render import render
from bridge_de.wording import titled
from floodcore.store.warnings import StoredMessage
from floodcore.texts import Texts
from floodcore.words import Language

_CALM_FOR = timedelta(minutes=30)
# Liberec Region in the NUTS code list, level 3, as geocode of the document that says nothing is wrong.
_REGION = ("NUTS3", "CZ051")


def active(scene: Scene) -> list[StoredMessage]:
    """Messages that hold now: the newest of each chain, all-clears left out."""
    return [message for message in heads(scene.messages) if not message.all_clear]


def current(scene: Scene, texts: Texts, sender: str, calm_for: timedelta = _CALM_FOR) -> bytes:
    """The document. The same scene gives the same bytes, in every process."""
    holding = active(scene)
    if not holding:
        return render(_calm(scene, texts, sender, calm_for))
    root = etree.fromstring(render(_frame(scene, sender, _newest(scene), _digest(holding), ())))
    for message in holding:
        for info in etree.fromstring(message.body).findall(f"{{{NAMESPACE}}}info"):
            root.append(info)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _newest(scene: Scene) -> datetime:
    return max(message.sent for message in scene.messages)


def _digest(holding: list[StoredMessage]) -> str:
    """Names the set of messages, so that no two different documents share an identifier."""
    return hashlib.sha256(" ".join(message.identifier for message in holding).encode()).hexdigest()[:12]


def _frame(scene: Scene, sender: str, sent: datetime, kind: str, infos: tuple[Info, ...]) -> Alert:
    return Alert(
        identifier=f"{PREFIX}.CURRENT.{sent:%Y%m%dT%H%M%SZ}.{kind}",
        sender=sender,
        sent=stamp(sent),
        status=Status.EXERCISE if scene.exercise else Status.ACTUAL,
        msg_type=MsgType.ALERT,
        note="exercise current" if scene.exercise else "",
        references=(),
        incidents="",
        infos=infos,
    )


def _calm(scene: Scene, texts: Texts, sender: str, calm_for: timedelta) -> Alert:
    kind = "calm" if scene.measuring else "unknown"
    expires = stamp(scene.beat + calm_for)
    infos = tuple(
        replace(_calm_info(scene, texts, kind, spoken), language=tag, expires=expires) for spoken, tag in LANGUAGES
    )
    return _frame(scene, sender, scene.beat, kind, infos)


def _calm_info(scene: Scene, texts: Texts, kind: str, language: Language) -> Info:
    calm = kind == "calm"
    event = texts.say(language, f"cap.now.{kind}.event")
    return Info(
        language=language,
        event=event,
        response_types=("None",) if calm else ("Monitor",),
        urgency="Past" if calm else "Unknown",
        severity="Minor" if calm else "Unknown",
        certainty="Observed" if calm else "Unknown",
        event_codes=(),
        effective=stamp(scene.beat),
        onset=stamp(scene.beat),
        expires="",
        sender_name=texts.say(language, "cap.sender_name"),
        headline=titled(texts, event, exercise=scene.exercise),
        description=texts.say(language, f"cap.now.{kind}.text", url=f"{scene.site_url}/{language}/"),
        instruction="",
        web=f"{scene.site_url}/{language}/",
        contact=texts.say(language, "cap.contact", url=scene.site_url),
        parameters=(("awareness_level", "1; green; Minor"), ("awareness_type", "12; flooding")) if calm else (),
        areas=(Area(texts.say(language, "cap.now.area"), geocodes=(_REGION,)),),
    )
