"""Whether the partners across the border listen.

The Niedów dam broke at six and Saxony knew at 19:26: a partner who does not fetch is a broken chain
and must be seen. A partner says who it is by `?partner=` or the header `X-Partner`; nothing secret,
so it proves that somebody fetches under that name, not who.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from floodcore.network.model import Partner

# A partner's fetches are written at most this often; silence is counted in minutes.
_WRITE_EVERY = timedelta(seconds=5)


class Listening(StrEnum):
    """Three values: never having fetched is not the same as having stopped."""

    NEVER = "never"
    LISTENING = "listening"
    SILENT = "silent"


def listening_of(partner: Partner, last_at: datetime | None, now: datetime) -> Listening:
    """How `partner` stands at the wall time `now`, having fetched last at `last_at`."""
    if last_at is None:
        return Listening.NEVER
    return Listening.SILENT if now - last_at > partner.silence_after else Listening.LISTENING


@dataclass(slots=True)
class Counter:
    """Counts fetches between two writes."""

    _open: dict[tuple[str, str], tuple[datetime, datetime, int]] = field(default_factory=dict)
    _written_at: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def count(self, partner_id: str, path: str, now: datetime) -> None:
        """Note one fetch of `path`."""
        first, _, number = self._open.get((partner_id, path), (now, now, 0))
        self._open[partner_id, path] = (first, now, number + 1)

    def due(self, now: datetime) -> Mapping[tuple[str, str], tuple[datetime, datetime, int]]:
        """Take out what is to be written now: (partner, path) -> (first, last, count)."""
        keys = [key for key in self._open if key not in self._written_at or now - self._written_at[key] >= _WRITE_EVERY]
        for key in keys:
            self._written_at[key] = now
        return {key: self._open.pop(key) for key in keys}
