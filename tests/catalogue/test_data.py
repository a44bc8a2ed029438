"""Data: gauges lie in every way of the catalogue, while the river is calm and while it rises.

Each: the flag that says so, no degree that the water has not reached, none of those it has reached left out.
"""

import asyncio
import math
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta

import aiomqtt
import pytest

from alerting.watch import Watching
from alerting.watch import look as watch
from collectors import uplinks
from floodcore.supervision import Pulse
from floodcore.words import Quantity
from simulators.misbehave import (
    apply,
    buffered,
    constant,
    drifting,
    duplicated,
    future,
    late,
    missing,
    not_a_number,
    scaled,
    silent,
    spike,
    stuck,
)
from simulators.payloads import topic
from simulators.payloads import uplinks as uplinks_of
from simulators.sample import Feed, Sample
from tests.catalogue.world import (
    CALM,
    CREST,
    LEVELS,
    MAIN,
    PUSHED,
    RADIO,
    RISE,
    T0,
    TEN,
    World,
    crossings,
    faulty,
    samples,
)
from tests.mosquitto import Broker

Worlds = Callable[..., AbstractAsyncContextManager[World]]
END = T0 + len(LEVELS) * TEN
LONG_CALM = CALM * 2
CALM_END = T0 + len(LONG_CALM) * TEN
CRESTED = T0 + (len(CALM) + len(RISE) + 3) * TEN


async def played(here: World, shown: tuple[Sample, ...]) -> None:
    here.show({MAIN: shown})
    await here.play(max(sample.sent_at for sample in shown) + TEN)


@pytest.mark.parametrize("height", [300.0, 90.0, -58.0])
async def test_54_spike(worlds: Worlds, height: float) -> None:
    """Injected: a sample off by 300, 90, -58 cm, in calm and rising. Expected: flagged, only true degrees told."""
    async with worlds() as here:
        calm, rising = spike(T0 + 8 * TEN, height), spike(T0 + 21 * TEN, height)
        await played(here, faulty(LEVELS, [calm, rising]))
        flagged = await here.rows("SELECT observed_at FROM verdict WHERE flag > 2 ORDER BY 1")
        assert (T0 + 8 * TEN,) in flagged
        assert (T0 + 21 * TEN,) in flagged
        told = await here.reached()
        assert [(was, to) for _, was, to in told] == [(was, to) for _, was, to in crossings(LEVELS)]
        delays = [at - true for (at, _, _), (true, _, _) in zip(told, crossings(LEVELS), strict=True)]
        assert max(delays) <= TEN, "one interval at most"


async def test_55_stuck(worlds: Worlds) -> None:
    """Injected: one value for hours above a limit. Expected: flag stuck, degree stays, silence told to officers."""
    levels = (*CALM, *RISE, *(171.0 + n % 2 for n in range(30)))
    async with worlds() as here:
        start = T0 + (len(CALM) + len(RISE)) * TEN
        await played(here, faulty(levels, [stuck(start, start + 30 * TEN)]))
        assert "stuck" in await here.tests()
        first = await here.rows("SELECT min(observed_at) FROM verdict WHERE test = 'stuck'")
        assert first[0][0] - start <= timedelta(minutes=120)
        assert await here.reached() == crossings(levels)
        assert ("silence", MAIN) in await here.told()


async def test_56_drift(worlds: Worlds) -> None:
    """Injected: the zero moves by 2 cm an hour in calm. Expected: nobody told; a doubt needs neighbours (next row)."""
    async with worlds() as here:
        await played(here, faulty(LONG_CALM, [drifting(T0 + 6 * TEN, 2.0)]))
        assert await here.reached() == []
        assert await here.told() == []


async def test_56_drift_beside_neighbours(worlds: Worlds) -> None:
    """Injected: 12 cm a day for three days, two gauges of the river beside. Expected: doubt drift, nobody told."""
    hour, hours = timedelta(hours=1), 13 * 24
    async with worlds(others=2, river="beck") as here:
        true = [60.0 + 6.0 * math.sin(n / 30.0) + n * 7 % 3 * 0.3 for n in range(hours)]
        shown = [Sample(T0 + n * hour, round(v, 1), T0 + n * hour) for n, v in enumerate(true)]
        drifted = apply(shown, [drifting(T0 + (hours - 72) * hour, 0.5)])
        here.show({MAIN: drifted, "G01": shown, "G02": shown})
        await here.play(T0 + hours * hour, timedelta(hours=12))
        async with here.house.pool.connection() as conn:
            await watch(conn, here.house.network, here.hands[0], Watching())
        doubted = await here.rows("SELECT station_id, test FROM doubt JOIN series USING (series_id)")
        assert doubted == [(MAIN, "drift")]
        assert await here.reached() == []
        assert {kind for kind, _ in await here.told()} <= {"incident"}, "gauges of ten minutes that speak hourly"


async def test_57_step_of_the_datum(worlds: Worlds) -> None:
    """Injected: all 45 cm lower from one sample on. Expected: flagged, nobody told."""
    async with worlds() as here:
        await played(here, samples(tuple(v - (45.0 if n >= 12 else 0.0) for n, v in enumerate(LONG_CALM))))
        assert "drop" in await here.tests()
        assert await here.reached() == []


@pytest.mark.parametrize("by", [60.0, 150.0, 400.0])
async def test_57_step_of_the_datum_upwards(worlds: Worlds, by: float) -> None:
    """Injected: all 60, 150, 400 cm higher from one sample on. Expected: flag step, officers told, no resident."""
    async with worlds() as here:
        await played(here, samples(tuple(v + (by if n >= 12 else 0.0) for n, v in enumerate(LONG_CALM))))
        assert "step" in await here.tests()
        assert [was for _, was, _ in await here.reached()] == [0]
        told = await here.telephones()
        assert any("NEOVERENO" in text for text in told["officer"])
        assert told["resident"] == []


async def test_57_a_flood_upon_the_moved_datum_is_told(worlds: Worlds) -> None:
    """Injected: all 60 cm higher in calm, then the river rises. Expected: residents told once it moves as water."""
    calm, flood = CALM, (*RISE, *CREST)
    levels = (*calm, *(v + 60.0 for v in calm), *(v + 60.0 for v in flood))
    async with worlds() as here:
        here.show({MAIN: samples(levels)})
        await here.play(T0 + 2 * len(calm) * TEN)
        told = await here.telephones()
        assert told["resident"] == []
        await here.play(T0 + len(levels) * TEN)
        told = await here.telephones()
        assert "3. SPA" in told["resident"][-1]
        proof = await here.rows("SELECT min(at) FROM event WHERE kind = 'proved' OR firm_to > 0")
        assert proof[0][0] <= T0 + (2 * len(calm) + 4) * TEN


@pytest.mark.parametrize("value", [-9999.0, math.inf, -math.inf, math.nan, None, 0.0, 999.9])
async def test_58_nan_inf_9999(worlds: Worlds, value: float | None) -> None:
    """Injected: NaN, inf, -9999, 999.9, 0, nothing at all. Expected: never a level; flagged, refused or missing."""
    async with worlds() as here:
        start, end = T0 + 20 * TEN, T0 + 23 * TEN
        kinds = {True: missing(start, end), False: constant(start, end, value)}
        fault = not_a_number(start, end) if value is not None and math.isnan(value) else kinds[value is None]
        await played(here, faulty(LEVELS, [fault]))
        kept = await here.kept()
        bad = {at: kept.get(at) for at in (start, start + TEN, start + 2 * TEN)}
        if value is None or not math.isfinite(value):
            assert set(bad.values()) == {None}
        else:
            assert await here.tests() & {"gross_range", "zero", "sentinel", "jump", "drop", "spike", "unit"}
        told = await here.reached()
        assert [(was, to) for _, was, to in told] == [(was, to) for _, was, to in crossings(LEVELS)]
        assert all(at >= true for (at, _, _), (true, _, _) in zip(told, crossings(LEVELS), strict=True))


@pytest.mark.parametrize("factor", [10.0, 100.0, 0.1])
async def test_59_unit_slip(worlds: Worlds, factor: float) -> None:
    """Injected: ten or a hundred times the value, or a tenth, for hours. Expected: flagged, nobody told."""
    async with worlds() as here:
        await played(here, faulty(LONG_CALM, [scaled(T0 + 12 * TEN, T0 + 30 * TEN, factor)]))
        assert await here.tests()
        assert await here.reached() == []


async def test_60_duplicate(worlds: Worlds) -> None:
    """Injected: every second sample twice, and every push twice. Expected: stored once, told once."""
    async with worlds() as here:
        await played(here, faulty(LEVELS, [duplicated(2)]))
        assert await here.kept() == {sample.at: sample.value for sample in samples(LEVELS)}
        assert await here.reached() == crossings(LEVELS)
        first = await here.push(samples(LEVELS))
        again = await here.push(samples(LEVELS))
        await here.judge()
        assert (first["accepted"], again["accepted"], again["repeated"]) == (len(LEVELS), 0, len(LEVELS))
        assert await here.reached(PUSHED) == crossings(LEVELS)
        assert await here.rows("SELECT count(*) FROM contradiction") == [(0,)]


async def test_60_duplicate_by_radio(worlds: Worlds, broker: Broker) -> None:
    """Injected: every uplink twice over MQTT, in one stream. Expected: acknowledged, stored once, told once."""
    shown = samples(LEVELS)
    feed = Feed(RADIO, Quantity.LEVEL, "tts", "ldds-bridge", "dragino_ldds", 400.0, TEN, shown, exact=True)
    async with worlds() as here:
        here.hands[0] = END
        house = replace(here.house, settings=replace(here.house.settings, mqtt_url=broker.url))
        ear = asyncio.create_task(uplinks.listen(house, Pulse("mqtt", house.clock)))
        async with asyncio.timeout(20):
            while not await here.rows("SELECT FROM source_health WHERE ok_at IS NOT NULL"):
                await asyncio.sleep(0.05)
            async with aiomqtt.Client("127.0.0.1", broker.port) as devices:
                for _, message in uplinks_of(feed):
                    for _ in range(2):
                        await devices.publish(topic(feed.address), message, qos=1)
            while len(await here.kept(RADIO)) < len(LEVELS):
                await asyncio.sleep(0.05)
        ear.cancel()
        await asyncio.gather(ear, return_exceptions=True)
        await here.judge()
        assert await here.kept(RADIO) == {sample.at: sample.value for sample in shown}
        assert await here.reached(RADIO) == crossings(LEVELS)
        assert await here.rows("SELECT count(*) FROM contradiction") == [(0,)]
        assert await here.quarantined() == []


async def test_61_out_of_order(worlds: Worlds) -> None:
    """Injected: every third sample 25 minutes after its neighbours. Expected: all kept, degrees true, none lowered."""
    async with worlds() as here:
        await played(here, faulty(LEVELS, [late(3, timedelta(minutes=25))]))
        assert await here.kept() == {sample.at: sample.value for sample in samples(LEVELS)}
        told = await here.reached()
        assert [to for _, _, to in told] == sorted(to for _, _, to in told), "late data lower nothing"
        assert told[-1][2] == 3
        true = {to: at for at, _, to in crossings(LEVELS)}
        assert all(at >= true[to] for at, _, to in told)


async def test_62_a_day_late(worlds: Worlds) -> None:
    """Injected: a logger keeps a whole flood for a day. Expected: the record and its degrees complete, no text told."""
    async with worlds() as here:
        shown = faulty(LEVELS, [buffered(T0, T0 + timedelta(hours=24))])
        sent_at = T0 + timedelta(hours=24)
        fall = [Sample(END + n * TEN, 90.0 - n % 2, sent_at) for n in range(12)]
        here.show({MAIN: (*shown, *(replace(each, sent_at=sent_at) for each in fall))})
        await here.play(T0 + timedelta(hours=25), timedelta(hours=1))
        wanted = {sample.at: sample.value for sample in (*shown, *fall) if sample.at > sent_at - timedelta(hours=24)}
        kept = await here.kept()
        assert wanted.items() <= kept.items()
        assert [to for _, was, to in await here.reached() if to > was] == [1, 2, 3]
        now = here.hands[0]
        until = await here.rows("SELECT max(valid_until) FROM announcement")
        assert until[0][0] <= now, "a text of a flood that is over is of no use to anyone"


async def test_63_future_stamp(worlds: Worlds) -> None:
    """Injected: a logger's clock two hours ahead for an hour. Expected: quarantine, true readings after it believed."""
    async with worlds() as here:
        shown = faulty(LEVELS, [future(T0 + 6 * TEN, T0 + 12 * TEN, timedelta(hours=2))])
        for number in range(len(LEVELS)):
            here.hands[0] = T0 + number * TEN + timedelta(minutes=1)
            due = [s for s in shown if here.hands[0] - TEN < s.sent_at <= here.hands[0]]
            answer = await here.push(due)
            assert answer["rejected"] == (1 if 6 <= number < 12 else 0)
            await here.judge()
        assert [reason.partition(":")[0] for reason in await here.quarantined()] == ["future"] * 6
        true = {s.at: s.value for n, s in enumerate(samples(LEVELS)) if not 6 <= n < 12}
        assert await here.kept(PUSHED) == true
        assert await here.reached(PUSHED) == crossings(LEVELS)
        assert await here.rows("SELECT station_id FROM ahead") == [(PUSHED,)]


async def test_63_future_stamp_in_a_polled_file(worlds: Worlds) -> None:
    """Injected: the same in a file that shows it for hours. Expected: refused again and again, degrees of the water."""
    async with worlds() as here:
        shown = faulty(LEVELS, [future(T0 + 6 * TEN, T0 + 12 * TEN, timedelta(hours=2))])
        await played(here, shown)
        assert {reason.partition(":")[0] for reason in await here.quarantined()} == {"future"}
        kept = await here.kept()
        true = {s.at: s.value for n, s in enumerate(samples(LEVELS)) if not 6 <= n < 12 and not 18 <= n < 24}
        assert true.items() <= kept.items()
        told = await here.reached()
        assert [(was, to) for _, was, to in told] == [(was, to) for _, was, to in crossings(LEVELS)]
        assert all(at >= true for (at, _, _), (true, _, _) in zip(told, crossings(LEVELS), strict=True))


@pytest.mark.parametrize("wreck", [True, False])
async def test_64_gauge_swept_away_at_the_crest(worlds: Worlds, wreck: bool) -> None:
    """Injected: silence from the crest on, or a wreck that says 3 cm. Expected: loss told to officers, degree stays."""
    levels = (*CALM, *RISE, *CREST, *CREST, *CREST)
    async with worlds() as here:
        fault = constant(CRESTED, T0 + 99 * TEN, 3.0) if wreck else silent(CRESTED)
        here.show({MAIN: faulty(levels, [fault])})
        await here.play(CRESTED + 12 * TEN)
        assert await here.reached() == crossings(levels)
        assert await here.rows(
            "SELECT degree FROM series_state JOIN series USING (series_id) WHERE station_id = 'RIVER'"
        ) == [(3,)]
        assert ("silence", MAIN) in await here.told()
        assert not wreck or "drop" in await here.tests()


async def test_65_a_tenth_of_the_gauges_silent_at_once(worlds: Worlds) -> None:
    """Injected: 4 of 30 gauges fall silent in one moment. Expected: one incident with an end, no alarm of a gauge."""
    names = [f"G{n:02}" for n in range(1, 30)]
    calm = samples(LONG_CALM * 2)
    async with worlds(others=29) as here:
        gone = [silent(T0 + 12 * TEN, T0 + 24 * TEN)]
        here.show({MAIN: calm} | {n: faulty(LONG_CALM * 2, gone) if n in names[:4] else calm for n in names})
        await here.play(T0 + 22 * TEN)
        assert await here.rows("SELECT scope, silent, gauges FROM incident") == [("all", 4, 30)]
        assert await here.told() == [("incident", "all:")]
        await here.play(T0 + 30 * TEN)
        assert await here.rows("SELECT count(*) FROM incident WHERE ended_at IS NOT NULL") == [(1,)]
        assert await here.rows("SELECT reason FROM event ORDER BY event_id") == [("begun",), ("ended",)]


async def test_66_eight_metres_in_45_minutes(worlds: Worlds) -> None:
    """Injected: a true rise of 8 m in 45 minutes. Expected: every degree told, one interval late at most."""
    shape = [(1 - math.cos(math.pi * min(n, 9) / 9)) / 2 for n in range(1, 12)]
    step = timedelta(minutes=5)
    calm = [60.0, 61.0, 62.0, 60.0, 61.0, 62.0] * 4
    levels = [*calm, *(60.0 + 800.0 * part + n for n, part in enumerate(shape))]
    shown = tuple(Sample(T0 + n * step, round(v), T0 + n * step) for n, v in enumerate(levels))
    async with worlds() as here:
        here.show({MAIN: shown})
        await here.play(T0 + len(levels) * step, step)
        told = await here.reached()
        assert told[-1][2] == 3
        for limit, degree in ((100.0, 1), (130.0, 2), (160.0, 3)):
            true = next(sample.at for sample in shown if (sample.value or 0.0) >= limit)
            at = min(at for at, was, to in told if was < degree <= to)
            assert true <= at <= true + step
