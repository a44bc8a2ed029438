"""How fast one station's river goes by its own record, as shares of what any river may do. Learnt, versioned, pure.

A rate is max over the record's steps of the q-quantile kind: 1.5 times the step that 999 of 1000 stay below, as a
share of what `floodcore.quality.pace.ordinary` allows in the same time. A step beyond it is not refused: it waits
for the next sample. So a station whose record knows no flood is not harmed by its calm past by more than one
interval, and the share never sinks below a quarter (6 cm in 10 min).
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import Struct

# Judged: half as much again as the record's own, a quarter as the least (waves and the resolution of a centimetre
# need so much), twice as the most (no wild river of the records needs more).
_MARGIN = 1.5
LEAST, MOST = 0.25, 2.0
_QUANTILE = 0.999
# Fewer steps say nothing about a quantile of one in a thousand: about two weeks at ten minutes.
_ENOUGH = 2000
_LONGEST_STEP = timedelta(minutes=60)


class Rates(Struct, frozen=True):
    """Shares of the ordinary step, up and down; 1 where nothing is known. `version` names what was learnt from."""

    rise: float = 1.0
    fall: float = 1.0
    version: str = "generic"


GENERIC = Rates()


class Learnt(Struct, frozen=True):
    """What a record taught: the shares, rounded to a ten-thousandth, and the `steps` of which time they are from."""

    rise: float
    fall: float
    steps: int
    begin: datetime
    end: datetime

    @property
    def version(self) -> str:
        """The hash of all of it: 12 hex digits."""
        told = [self.rise, self.fall, self.steps, self.begin.isoformat(), self.end.isoformat()]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]

    @property
    def rates(self) -> Rates:
        """The rates as the fold takes them."""
        return Rates(self.rise, self.fall, self.version)


def learn(at: Sequence[datetime], share: Sequence[float]) -> Learnt | None:
    """The rates of a station from its believed record; None if there is too little of it.

    `at` (n,) aware UTC in order; `share` (n - 1,) the change of each step over what is ordinary in its time, with
    its sign. Steps over more than an hour are left out; with fewer than 2,000 others the generic rates stand.
    """
    known = [one for one, (a, b) in zip(share, pairwise(at), strict=True) if b - a <= _LONGEST_STEP]
    if len(known) < _ENOUGH:
        return None
    rise, fall = _rate([max(one, 0.0) for one in known]), _rate([max(-one, 0.0) for one in known])
    return Learnt(rise, fall, len(known), at[0], at[-1])


def _rate(shares: Sequence[float]) -> float:
    ordered = sorted(shares)
    return round(min(max(_MARGIN * ordered[int(_QUANTILE * (len(ordered) - 1))], LEAST), MOST), 4)
