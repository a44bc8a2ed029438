"""Whom a forecast looks at beside its own gauge, and by what it is made."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection

from alerting.engine import forecast_odds
from alerting.engine.forecast_trained import Trained
from alerting.engine.rulebook import Rulebook
from floodcore.network.above import above
from floodcore.network.model import Station
from floodcore.store import foresight
from floodcore.store.foresight import Series
from floodcore.words import Quantity


@dataclass(frozen=True, slots=True)
class Wanted:
    """A gauge above, or a rain gauge: whose series, and its number, None where it has none yet."""

    number: int | None
    station_id: str
    quantity: Quantity


async def looked_at(
    conn: AsyncConnection, series: Sequence[Series], stations: Mapping[str, Station], trained: Trained
) -> dict[int, list[Wanted]]:
    """What each series looks at: the gauges above, by level, else by discharge; then the rain gauges it learnt with."""
    wanted = {
        one.series_id: [
            *((name, measured(stations[name])) for name in above(one.station_id, stations)),
            *((name, Quantity.RAIN) for name in _rain_gauges(trained, one)),
        ]
        for one in series
    }
    pairs = sorted({(name, str(quantity)) for each in wanted.values() for name, quantity in each})
    numbers = await foresight.numbers(conn, pairs)
    return {
        number: [Wanted(numbers.get((name, str(q))), name, q) for name, q in each] for number, each in wanted.items()
    }


def measured(station: Station) -> Quantity:
    """The quantity by which a gauge above is looked at."""
    return Quantity.LEVEL if Quantity.LEVEL in station.quantities else Quantity.DISCHARGE


def _rain_gauges(trained: Trained, series: Series) -> tuple[str, ...]:
    taught = trained.stations.get(series.station_id)
    return () if taught is None else taught.rain_gauges


def made_by(rulebook: Rulebook, trained: Trained, series: Series, wanted: Sequence[Wanted]) -> str:
    """The name of all that a series is foreseen by: the forecast, what it learnt, the rules of all gauges looked at.

    16 hex digits of a SHA-256. What is foreseen by another name cannot be judged again.
    """
    model = trained.model(forecast_odds.generic().version, series.station_id)
    own = rulebook.history(series.station_id, Quantity(series.quantity))
    others = [(one.station_id, str(one.quantity), rulebook.history(one.station_id, one.quantity)) for one in wanted]
    return hashlib.sha256(repr((model, own, others)).encode()).hexdigest()[:16]
