"""What is remembered of a series between samples, and its trend window. Pure."""

from datetime import datetime

import msgspec

from alerting.engine import lifecycle, rain_sums
from alerting.engine.lifecycle import Told
from alerting.engine.proof import Proof
from alerting.engine.rules import Rules
from floodcore.quality.window import Memory
from floodcore.words import Degree

Window = tuple[tuple[float, float], ...]


class Standing(msgspec.Struct, frozen=True, gc=False):
    """All that is remembered of a series between samples; with the rules and the next samples it decides all.

    `points` is the trend window, newest last: (seconds since 1970, value), thinned. `hour` is that of the
    newest sample, in hours since 1970. `told` is what people know, where it is not `life`. `proof` is what holds a
    rise back from residents, `vouched` until when others answer for the gauge (ADR 0020).
    `rain` are the sums of a series judged by them (ADR 0022).
    """

    memory: Memory = Memory()
    life: lifecycle.State = lifecycle.State()
    points: Window = ()
    hour: int = 0
    told: Told | None = None
    proof: Proof | None = None
    vouched: datetime | None = None
    rain: rain_sums.Memory | None = None

    @property
    def degree(self) -> Degree:
        """The degree people were told of."""
        return self.life.degree if self.told is None else self.told.degree

    @property
    def since(self) -> datetime | None:
        """The beginning of the episode people were told of."""
        return self.life.since if self.told is None else self.told.since

    @property
    def firm(self) -> Degree:
        """The degree residents were told of: what is proved of the other."""
        if self.told is not None:
            return self.told.degree if self.told.firm is None else self.told.firm
        return self.life.degree if self.proof is None else self.proof.firm


class Checkpoint(msgspec.Struct, frozen=True, gc=False):
    """The standing before the first sample of an hour, that of `before`: where to start again for late samples."""

    before: datetime
    standing: Standing


def kept(points: Window, seconds: float, value: float, rules: Rules) -> Window:
    """The trend window with a point of `seconds` as its newest, without what has become too old, thinned.

    The newest point is always kept; the one before it gives way if it stands too near its predecessor.
    """
    start, end, oldest = 0, len(points), seconds - rules.window_s
    for at, _ in points:
        if at >= oldest:
            break
        start += 1
    if end - start > 1 and points[-1][0] - points[-2][0] < rules.spacing_s:
        end -= 1
    return points[start:end] + ((seconds, value),)  # noqa: RUF005  # half the time of unpacking


def encode(standing: Standing) -> str:
    """The standing as JSON."""
    return msgspec.json.encode(standing).decode()


def decode(text: str) -> Standing:
    """The standing back from its JSON.

    Raises:
        msgspec.ValidationError: the text is not a standing.
    """
    return _DECODER.decode(text)


_DECODER = msgspec.json.Decoder(Standing)
