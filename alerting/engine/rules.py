"""The rules one series is judged by, and their version. Pure.

A rule version is the hash of the canonical JSON of everything that can change a judgement: the limits
of the series, its interval, and all numbers of the engine. Events carry it; the store keeps the JSON.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf

from alerting.engine import rain_sums, trend
from alerting.engine.rain_sums import RainRules
from alerting.engine.thresholds import Ladder
from floodcore.freshness import allowed_silence
from floodcore.network.model import Limits, Network, Station
from floodcore.quality.rates import GENERIC, Rates
from floodcore.quality.window import CHECKED
from floodcore.words import Degree, Quantity

# Raised by hand whenever the code judges differently on the same numbers.
ENGINE = 4

_SPA = "spa"
_RAIN = "rain"
# A sum falls as slowly as its window is long, and showers come in pairs: judged.
_RAIN_CALM = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Rules:
    """How one series is judged; units are the canonical ones of `quantity`.

    `limits` empty means that no degree is judged. `hysteresis` is how far below a limit the value must
    be to count as below it, `calm` how long it must stay there. The limits of the Czech stations are
    set in steps of 5 cm and stand as little as 20 cm apart (domain.md sections 1 and 9), so the
    hysteresis is 5 cm; for discharge 5 % of the limit. Half an hour of calm is judged on the
    development records. `told` says whether people are told: only for the Czech scheme; limits of
    other schemes are judged as limit n of that scheme and never announced as SPA. `rain` are the limits of
    sums, where the series is rain that has some; it then has no `limits`. `rates` are how fast the river goes by its
    own record.
    """

    quantity: Quantity
    interval: timedelta
    limits: Mapping[Degree, float] = field(default_factory=dict)
    scheme: str = _SPA
    hysteresis_cm: float = 5.0
    hysteresis_share: float = 0.05
    calm: timedelta = timedelta(minutes=30)
    trend_window: timedelta = timedelta(minutes=60)
    trend_dead_cm: float = 3.0
    trend_dead_share: float = 0.03
    rain: RainRules | None = None
    rates: Rates = GENERIC
    # What follows from the rest, worked out once: the ladder of the limits, the longest gap in a calm, the trend
    # window in seconds (an hour, or three intervals of a gauge that reports less often), the spacing it is thinned to
    # and the least it must span for a trend, the value below which no degree is reached or held, and whether the
    # series is judged step by step (level, discharge).
    ladder: Ladder = field(init=False, repr=False, compare=False)
    gap: timedelta = field(init=False, repr=False, compare=False)
    window_s: float = field(init=False, repr=False, compare=False)
    spacing_s: float = field(init=False, repr=False, compare=False)
    least_s: float = field(init=False, repr=False, compare=False)
    calm_below: float = field(init=False, repr=False, compare=False)
    stepwise: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out what follows from the numbers."""
        ladder = tuple(
            (degree, limit, limit - self._hysteresis(limit)) for degree, limit in sorted(self.limits.items())
        )
        object.__setattr__(self, "ladder", ladder)
        object.__setattr__(self, "gap", allowed_silence(Degree.NONE, self.interval))
        object.__setattr__(self, "window_s", max(self.trend_window, 3 * self.interval).total_seconds())
        object.__setattr__(self, "spacing_s", self.window_s / trend.POINTS)
        object.__setattr__(self, "least_s", trend.LEAST_SHARE * self.window_s)
        object.__setattr__(self, "calm_below", min((min(each[1:]) for each in ladder), default=-inf))
        object.__setattr__(self, "stepwise", self.quantity in CHECKED and self.rain is None)

    @property
    def told(self) -> bool:
        """Whether a degree reached is announced to people and partners."""
        return self.scheme in {_SPA, _RAIN}

    @property
    def has_degrees(self) -> bool:
        """Whether any degree is judged."""
        return bool(self.limits) or self.rain is not None

    def _hysteresis(self, limit: float) -> float:
        return self.hysteresis_cm if self.quantity is Quantity.LEVEL else self.hysteresis_share * abs(limit)


def rules_of(network: Network, station_id: str, quantity: Quantity) -> Rules:
    """The rules of a series; one of an unknown station is recorded without limits.

    Of a station with limits in both, the level binds and the discharge is auxiliary (domain.md
    section 1), so that one flood is not announced twice.
    """
    station = network.stations.get(station_id)
    if station is None:
        return Rules(quantity, timedelta(minutes=10))
    learnt = station.rates.get(quantity)
    rates = GENERIC if learnt is None else learnt.rates
    rain = station.rain_degrees
    if quantity is Quantity.RAIN and rain is not None:
        return of_rain(rain_sums.rules_of(rain), station.interval, rain.scheme)
    limits = _binding(station)
    if limits is None or limits.quantity is not quantity:
        return Rules(quantity, station.interval, rates=rates)
    return Rules(quantity, station.interval, _rising(limits.values), limits.scheme, rates=rates)


def of_rain(sums: RainRules, interval: timedelta, scheme: str = _RAIN) -> Rules:
    """The rules of rain that is judged by its sums."""
    return Rules(Quantity.RAIN, interval, scheme=scheme, calm=_RAIN_CALM, rain=sums)


def _rising(values: Mapping[Degree, float]) -> dict[Degree, float]:
    """The limits, none below that of a lower degree.

    At Sedmihorky the source sets the extreme (356 cm) below SPA 3 (360 cm). The extreme is no legal degree
    and may not hide SPA 3, so it waits for it.
    """
    raised: dict[Degree, float] = {}
    for degree, limit in sorted(values.items()):
        raised[degree] = max(limit, max(raised.values(), default=limit))
    return raised


def _binding(station: Station) -> Limits | None:
    return station.limits_of(Quantity.LEVEL) or station.limits_of(Quantity.DISCHARGE)


def canonical(rules: Rules) -> str:
    """The rules as canonical JSON: sorted keys, no spaces."""
    document: dict[str, object] = {
        "engine": ENGINE,
        "quantity": rules.quantity,
        "interval_s": rules.interval.total_seconds(),
        "limits": {str(int(degree)): limit for degree, limit in rules.limits.items()},
        "scheme": rules.scheme,
        "hysteresis_cm": rules.hysteresis_cm,
        "hysteresis_share": rules.hysteresis_share,
        "calm_s": rules.calm.total_seconds(),
        "trend_window_s": rules.trend_window.total_seconds(),
        "trend_dead_cm": rules.trend_dead_cm,
        "trend_dead_share": rules.trend_dead_share,
    }
    if rules.rates != GENERIC:  # the versions of all other series stay what they were
        document["rates"] = {"rise": rules.rates.rise, "fall": rules.rates.fall, "version": rules.rates.version}
    if rules.rain is not None:  # the versions of all other series stay what they were
        document["rain"] = rain_sums.written(rules.rain)
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def version(rules: Rules) -> str:
    """The version of the rules: the first 16 hex digits of the SHA-256 of their canonical form."""
    return hashlib.sha256(canonical(rules).encode()).hexdigest()[:16]


def parse(text: str) -> Rules:
    """Rules back from their canonical JSON.

    Raises:
        KeyError, ValueError: the text is not of this engine.
    """
    document = json.loads(text)
    if document["engine"] != ENGINE:
        message = f"rules of engine {document['engine']}, this is engine {ENGINE}"
        raise ValueError(message)
    return Rules(
        quantity=Quantity(document["quantity"]),
        interval=timedelta(seconds=document["interval_s"]),
        limits={Degree(int(degree)): float(limit) for degree, limit in document["limits"].items()},
        scheme=document["scheme"],
        hysteresis_cm=document["hysteresis_cm"],
        hysteresis_share=document["hysteresis_share"],
        calm=timedelta(seconds=document["calm_s"]),
        trend_window=timedelta(seconds=document["trend_window_s"]),
        trend_dead_cm=document["trend_dead_cm"],
        trend_dead_share=document["trend_dead_share"],
        rain=rain_sums.parse(document["rain"]) if "rain" in document else None,
        rates=Rates(**document["rates"]) if "rates" in document else GENERIC,
    )
