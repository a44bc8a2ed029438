"""Time: the hours of the switch, clocks of loggers that are wrong, and our own."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from simulators.sample import Sample
from tests.catalogue.world import LEVELS, MAIN, PUSHED, T0, TEN, World, crossings, samples

Worlds = Callable[..., AbstractAsyncContextManager[World]]
PRAGUE = ZoneInfo("Europe/Prague")
FORWARD = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
BACK = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


async def _through_the_switch(worlds: Worlds, switch: datetime) -> None:
    """The river rises through the hour of the switch, polled in UTC and pushed in local time with its offset."""
    begin = switch - 21 * TEN
    shown = samples(LEVELS, begin)
    async with worlds(start=begin) as here:
        here.show({MAIN: shown})
        sent = 0
        while here.hands[0] < begin + len(LEVELS) * TEN:
            here.hands[0] += 3 * TEN
            due = [sample for sample in shown[sent:] if sample.sent_at <= here.hands[0]]
            sent += len(due)
            for offset in sorted({s.at.astimezone(PRAGUE).utcoffset() or timedelta(0) for s in due}):
                mine = [s for s in due if s.at.astimezone(PRAGUE).utcoffset() == offset]
                assert (await here.push(mine, offset))["accepted"] == len(mine)
            await here.round()
        for name in (MAIN, PUSHED):
            assert await here.kept(name) == {sample.at: sample.value for sample in shown}
            assert await here.reached(name) == crossings(LEVELS, begin)
        assert [each for each in await here.told() if each[0] != "reached"] == []
        assert await here.rows("SELECT count(*) FROM contradiction") == [(0,)]


async def test_67_dst_forward(worlds: Worlds) -> None:
    """Injected: a rise through the hour that does not exist. Expected: nothing lost, nothing twice, no gap told."""
    await _through_the_switch(worlds, FORWARD)


async def test_68_dst_back(worlds: Worlds) -> None:
    """Injected: a rise through the hour that comes twice. Expected: nothing lost, nothing twice, no gap told."""
    await _through_the_switch(worlds, BACK)


@pytest.mark.parametrize("days", [1, -1])
async def test_69_clock_a_day_off(worlds: Worlds, days: int) -> None:
    """Injected: a logger a day ahead, or behind, pushes a flood in calm. Expected: refused, or without any effect."""
    async with worlds() as here:
        now = T0 + len(LEVELS) * TEN
        here.hands[0] = now
        calm = [Sample(now - n * TEN, 61.0 + n % 3, now) for n in range(30, 0, -1)]
        assert (await here.push(calm))["accepted"] == 30
        await here.judge()
        wrong = [Sample(now + timedelta(days=days) - n * TEN, 170.0 + n % 2, now) for n in range(6, 0, -1)]
        answer = await here.push(wrong)
        await here.judge()
        if days > 0:
            assert (answer["accepted"], answer["rejected"]) == (0, 6)
            assert await here.rows("SELECT station_id, round(ahead_s / 3600) FROM ahead") == [(PUSHED, 24.0)]
        assert await here.reached(PUSHED) == []
        assert await here.told() == []
        here.hands[0] = now + TEN
        assert (await here.push([Sample(now, 62.0, now)]))["accepted"] == 1
        await here.judge()
        newest = await here.rows("SELECT value, late FROM observation ORDER BY observed_at DESC LIMIT 1")
        assert newest == [(62.0, False)], "true readings after it are believed"


@pytest.mark.parametrize("year", [1970, 1980, 2000, 2038])
async def test_70_year_1970_and_2038(worlds: Worlds, year: int) -> None:
    """Injected: clocks that lost their setting, or ran over. Expected: quarantine with the reason, never stored."""
    async with worlds() as here:
        edge = datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC) if year == 2038 else datetime(year, 1, 1, 0, 10, tzinfo=UTC)
        answer = await here.push([Sample(edge, 170.0, T0), Sample(T0 - TEN, 61.0, T0)])
        assert (answer["accepted"], answer["rejected"]) == (1, 1)
        (reason,) = await here.quarantined()
        assert reason.startswith("future" if year == 2038 else "old")
        assert await here.kept(PUSHED) == {T0 - TEN: 61.0}


@pytest.mark.parametrize("minutes", [-60, 60])
async def test_our_own_clock_is_wrong(worlds: Worlds, minutes: int) -> None:
    """Injected: the house's clock an hour slow, or fast. Expected: one incident of the clock, nothing false told."""
    shift = timedelta(minutes=minutes)
    async with worlds(others=6) as here:
        names = [MAIN, *(f"G{n:02}" for n in range(1, 7))]
        calm = tuple(60.0 + n % 3 for n in range(60))
        begin = samples(calm)
        here.show(dict.fromkeys(names, begin))
        for number in range(1, 13):
            await here.play(T0 + number * 3 * TEN)
            await here.push([s for s in begin if here.hands[0] - 3 * TEN < s.at <= here.hands[0]])
        switched = here.hands[0]
        for number in range(1, 5):
            # the source goes on in true time while our hands show another one
            true = switched + number * TEN
            here.show({n: tuple(replace(s, sent_at=switched + shift) for s in begin if s.at <= true) for n in names})
            here.hands[0] = true + shift
            await here.push([s for s in begin if true - TEN < s.at <= true])
            await here.play(true + shift + timedelta(seconds=1), TEN)
        clocks = await here.rows("SELECT scope, name FROM incident WHERE scope = 'clock'")
        assert clocks == ([("clock", "slow")] if minutes < 0 else [("clock", "fast")])
        assert await here.reached() == []
        assert {kind for kind, _ in await here.told()} == {"incident"}
