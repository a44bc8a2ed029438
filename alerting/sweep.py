"""The sweep: gauges that fell silent at a degree, while rising, or with a flood coming down from above."""

from datetime import datetime

from psycopg import AsyncConnection

from alerting.aside import FAULTS, put_aside
from alerting.engine.rulebook import Rulebook
from alerting.engine.silence import shortest_allowed, silence
from alerting.past import standing_of
from alerting.tell import lost, tell
from floodcore.freshness import lag
from floodcore.killpoint import passing
from floodcore.store import incidents, judging, marks
from floodcore.store.judging import NewEvent, Series
from floodcore.words import Quantity


async def sweep(conn: AsyncConnection, rulebook: Rulebook, now: datetime, *, exercise: bool) -> int:
    """Find gauges lost at a degree, while rising or below one at a degree, and tell the officers (`silence`).

    Whom an open incident covers is left out: that is told once for all, and who is silent still at its end is
    found then. Changes no degree and no state. Returns how many events are new.
    """
    missing: list[NewEvent] = []
    faults: list[tuple[int, Exception]] = []
    async with conn.transaction():
        covered = await incidents.covered(conn)
        below = _below(rulebook, await judging.at_degree(conn))
        for series in await judging.unheard(conn, now - shortest_allowed(), sorted(below)):
            if series.station_id in covered:
                continue
            try:
                event = _lost(series, rulebook, now, flood_above=series.station_id in below, exercise=exercise)
            except FAULTS as fault:
                faults.append((series.series_id, fault))
            else:
                missing += [event] if event is not None else []
        passing("sweep.found")
        stored = await judging.save_events(conn, missing)
        # Lost sight is no statement about the water: it goes to the officers, not to partners by CAP.
        told = [rulebook.of(event.station_id, Quantity(event.quantity), now).told for _, event in stored]
        await tell(conn, rulebook, stored, told, now, ("sms",))
        passing("sweep.before_commit")
    passing("sweep.after_commit")
    for number, why in faults:  # `retry` needs a mark, and mends the standing even without new samples
        await put_aside(conn, number, why)
        async with conn.transaction():
            await marks.mark(conn, [number], now)
    return len(stored)


def _below(rulebook: Rulebook, flooded: frozenset[str]) -> set[str]:
    """The stations whose next gauge above is one of `flooded`."""
    return {one.id for one in rulebook.network.stations.values() if not flooded.isdisjoint(one.upstream)}


def _lost(series: Series, rulebook: Rulebook, now: datetime, *, flood_above: bool, exercise: bool) -> NewEvent | None:
    if series.standing is None or series.judged_until is None or series.judged_at is None:
        return None
    ruled = rulebook.of(series.station_id, Quantity(series.quantity), now)
    late = lag(series.judged_until, series.judged_at)
    found = silence(ruled.rules, standing_of(series), now, late, flood_above=flood_above)
    return None if found is None else lost(series, ruled.version, found, exercise=exercise)
