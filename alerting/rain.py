"""What is kept beside the state and the events of rain: the sums for the page, and what each event is about."""

from collections.abc import Sequence

from psycopg import AsyncConnection

from alerting.engine import rain_sums
from alerting.engine.judge import Judgement, Standing
from alerting.engine.rulebook import Versioned
from alerting.engine.rules import Rules
from alerting.tell import reached
from floodcore.store import rain
from floodcore.store.judging import NewEvent, Series
from floodcore.store.rain import Fallen, SumRow

Judged = tuple[Series, Versioned, Judgement]


async def keep(
    conn: AsyncConnection, judged: Sequence[Judged], stored: Sequence[tuple[int, NewEvent]]
) -> dict[int, Fallen]:
    """Store it in the transaction that stored the events; returns what each new event of rain is about."""
    rainy = [each for each in judged if each[1].rules.rain is not None]
    if not rainy:
        return {}
    fallen = {each.event_id: each for one in rainy for each in _fallen(one, stored)}
    await rain.save(conn, list(fallen.values()), [row for one in rainy for row in _sums(one)])
    return fallen


def _fallen(judged: Judged, stored: Sequence[tuple[int, NewEvent]]) -> list[Fallen]:
    """What the new events of the series are about; one that stood already is not told again."""
    series, ruled, judgement = judged
    numbers = {event.key: number for number, event in stored}
    found = []
    for change in judgement.changes:
        number = numbers.get(reached(series, ruled.version, change, exercise=False).key)
        if number is not None and change.rain is not None:
            about = change.rain
            found.append(Fallen(number, about.minutes, about.saturated, ruled.rules.scheme, ruled.residents))
    return found


def _sums(judged: Judged) -> list[SumRow]:
    """The sums of the series at its newest believed reading."""
    series, ruled, judgement = judged
    return sums(series.series_id, ruled.rules, judgement.standing)


def sums(series_id: int, ruled: Rules, standing: Standing) -> list[SumRow]:
    """The sums a standing knows, the shortest window first as the rules have them."""
    known, good, rules = standing.rain, standing.memory.good, ruled.rain
    if known is None or good is None or rules is None:
        return []
    ground = rain_sums.saturated(known, rules)
    totals = [(window.minutes, rain_sums.sum_of(known, window.minutes)) for window in rules.windows]
    return [SumRow(series_id, minutes, good.at, one.heard, one.most, ground) for minutes, one in totals]
