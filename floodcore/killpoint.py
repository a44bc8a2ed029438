"""Named places where a test may kill the process, as `kill -9` would.

`HLADINA_KILL_AT=name:n` makes the n-th passing of `name` the last thing the process does. Outside
tests the variable is unset and a passing costs one comparison.
"""

import os
import signal
from dataclasses import dataclass

# Every name used in the code, in the order of the way of the data. A test holds that each is passed
# somewhere and that the crash suite kills at each.
KILL_POINTS = (
    "poll.fetched",
    "poll.decoded",
    "mqtt.received",
    "mqtt.before_ack",
    "mqtt.after_ack",
    "push.received",
    "push.before_answer",
    "repair.noted",
    "repair.fetched",
    "repair.stored",
    "ingest.copied",
    "ingest.marked",
    "ingest.before_commit",
    "ingest.after_commit",
    "engine.claimed",
    "engine.read",
    "engine.assessed",
    "engine.state_written",
    "engine.event_written",
    "engine.before_commit",
    "engine.after_commit",
    "foresee.claimed",
    "foresee.read",
    "foresee.assessed",
    "foresee.state_written",
    "foresee.before_commit",
    "foresee.after_commit",
    "aside.written",
    "aside.committed",
    "aside.released",
    "incident.found",
    "incident.before_commit",
    "sweep.found",
    "sweep.before_commit",
    "sweep.after_commit",
    "vouch.written",
    "vouch.before_commit",
    "vouch.after_commit",
    "spare.before_commit",
    "spare.after_commit",
    "notify.claimed",
    "notify.expanded",
    "notify.intent_written",
    "notify.held",
    "notify.before_post",
    "notify.after_post",
    "notify.before_record",
    "notify.after_record",
    "notify.looked",
    "renew.claimed",
    "renew.before_commit",
    "renew.after_commit",
    "receipt.received",
    "receipt.recorded",
    "receipt.before_answer",
    "bridge.claimed",
    "bridge.composed",
    "bridge.before_commit",
    "bridge.after_commit",
    "feed.before_answer",
    "upkeep.locked",
    "upkeep.before_commit",
)


@dataclass(slots=True)
class _Armed:
    name: str = ""
    countdown: int = 0


_armed = _Armed()


def arm(specification: str) -> None:
    """Arm the kill given as `name:n` (n from 1); an empty text disarms.

    Raises:
        ValueError: unknown name or n is not a positive integer.
    """
    if not specification:
        _armed.name, _armed.countdown = "", 0
        return
    name, _, count = specification.partition(":")
    if name not in KILL_POINTS or not count.isdecimal() or int(count) < 1:
        message = f"HLADINA_KILL_AT: {specification!r} is not name:n with a known name and n >= 1"
        raise ValueError(message)
    _armed.name, _armed.countdown = name, int(count)


def passing(name: str) -> None:
    """Mark that the process passes `name`; die here if this is the armed passing."""
    if name != _armed.name:
        return
    _armed.countdown -= 1
    if _armed.countdown == 0:
        os.kill(os.getpid(), signal.SIGKILL)
