"""`status.json`: how alive the bridge is, for machines that watch it (pure)."""

from collections.abc import Mapping
from datetime import datetime

from bridge_de.current import active
from bridge_de.feeds import Scene
from bridge_de.partners import listening_of
from floodcore.clock import Clock
from floodcore.network.model import Partner
from floodcore.store.warnings import Times

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None


def status_document(
    scene: Scene,
    times: Times,
    clock: Clock,
    wall: datetime,
    partners: list[Json],
) -> dict[str, Json]:
    """Times of measurements and messages are data time, those of partners and waiting events wall time.

    `ages` are seconds; null means never. `active` counts chains in force, all-clears not among them.
    """
    holding = active(scene)
    return {
        "generatedAt": _text(scene.beat),
        "lastMeasurementAt": _text(times.measured_at),
        "lastMessageAt": _text(times.message_at),
        "active": len(holding),
        "activeMessages": [message.identifier for message in holding],
        "exercise": scene.exercise,
        "clock": "shifted" if clock.synthetic else "wall",
        "database": "ok",
        "ages": {
            "measurement": _age(scene.beat, times.measured_at),
            "message": _age(scene.beat, times.message_at),
            "oldestUntold": _age(wall, times.waiting_since),
        },
        "partners": partners,
    }


def partner_list(partners: Mapping[str, Partner], fetches: Mapping[str, datetime], wall: datetime) -> list[Json]:
    """How each partner stands at the wall time `wall`, by id."""
    return [
        {
            "id": partner.id,
            "listening": listening_of(partner, fetches.get(partner.id), wall).value,
            "lastFetchAge": _age(wall, fetches.get(partner.id)),
            "silentAfter": partner.silence_after.total_seconds(),
        }
        for partner in sorted(partners.values(), key=lambda known: known.id)
    ]


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _age(now: datetime, then: datetime | None) -> float | None:
    return None if then is None else round((now - then).total_seconds(), 1)
