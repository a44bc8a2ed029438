"""The words of a rise believed with reservation: why it is doubted, what is remembered of it, what is seen. Pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from floodcore.quality.memory import Memory, Point
from floodcore.words import Degree, Quantity

Window = Sequence[tuple[float, float]]


class Doubt(StrEnum):
    """Why a rise is not proved; stored with the event, and said to people."""

    LEAP = "leap"
    """The level leapt and rests."""
    UNIT = "unit"
    """The level leapt to about ten or a hundred times what it was."""
    WRECK = "wreck"
    """The gauge lay dead or babbled before."""
    UNDONE = "undone"
    """Not a doubt: the leap was taken back; what it raised ends with the calm time."""
    FALLEN = "fallen"
    """Not a doubt yet: the gauge fell as a dying one does, or talked nonsense; a leap after that is a wreck's."""


class Proof(Struct, frozen=True, gc=False):
    """A leap that is not proved.

    `firm` is the degree that is; residents know no more. The leap came to `first` at `since`, from `base`; it reached
    the degree `made`. `rough` is what the gauge did from one reading to the next in the hour before, `pace` its slope
    per minute, both in the new unit if the leap looks like one. Of a fall, `base` is where it ended and `first` the
    level from before. A wreck climbs since the level `foot` through `climbed` readings; `spare` is how far up it is
    beyond the share of its way that has to go up. `lay` says that it lay low in one piece and did not babble.
    """

    firm: Degree
    why: Doubt
    since: datetime
    base: float
    first: float
    made: Degree
    rough: float = 0.0
    pace: float = 0.0
    foot: float = 0.0
    climbed: int = 0
    spare: float = 0.0
    lay: bool = False

    @property
    def doubt(self) -> Doubt:
        """Why the rise is not proved, in a word there is a text for."""
        return self.why if self.why in {Doubt.UNIT, Doubt.WRECK} else Doubt.LEAP

    @property
    def leap(self) -> float:
        """The height of the leap."""
        return self.first - self.base


class Seen(Struct, frozen=True, gc=False):
    """A sample that was just believed: `memory` and `window` are from before it, `points` with it.

    `was` is the degree before it, `degree` the one now, `reached` that of the value. `vouched` is up to when others
    answer for the gauge.
    """

    memory: Memory
    window: Window
    points: Window
    believed: Sequence[Point]
    quantity: Quantity
    was: Degree
    degree: Degree
    reached: Degree
    vouched: datetime | None

    @property
    def newest(self) -> Point:
        """The value that was believed last."""
        return self.believed[-1]
