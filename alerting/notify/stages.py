"""The background stages of telling, for the room to hand to the supervisor."""

from functools import partial

from alerting.notify.expanding import expand_announcements
from alerting.notify.sending import Pace, send_due, settle_open
from floodcore.house import House
from floodcore.supervision import Stage


def stages(house: House, pace: Pace | None = None) -> dict[str, Stage]:
    """Announcements into texts, texts to the gateway, open questions answered."""
    chosen = pace or Pace()
    return {
        "notify.expand": partial(expand_announcements, house),
        "notify.send": partial(send_due, house, chosen),
        "notify.reconcile": partial(settle_open, house, chosen),
    }
