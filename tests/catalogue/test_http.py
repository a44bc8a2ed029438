"""Network and HTTP: the simulated source fails in every way of the catalogue while the river rises.

Each: the fault is the source's and is said, nothing false is told, and when the source is well again every
reading it shows is in the record and every degree is told at its own time.
"""

import subprocess
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from aiohttp import web

from collectors import polling
from simulators.names import Names
from simulators.outage import Mode, deaf
from tests.catalogue.world import LEVELS, MAIN, T0, TEN, World, address, crossings, samples

Worlds = Callable[..., AbstractAsyncContextManager[World]]
RISING = T0 + 22 * TEN
END = T0 + len(LEVELS) * TEN


async def fail_while_rising(here: World, mode: Mode) -> None:
    """The source works, breaks on the rise, and is well again after the crest."""
    here.show({MAIN: samples(LEVELS)})
    await here.play(RISING)
    assert await here.source() == ("", 0)
    here.server.outages.set(mode, address(0))
    await here.play(RISING + 6 * TEN)


async def is_well_again(here: World, where: str | None = None) -> None:
    """All that was shown is kept, every degree was told once, nobody was told anything else of this gauge."""
    here.server.outages.set(Mode.OK, address(0) if where is None else where)
    await here.play(END)
    assert await here.source() == ("", 0)
    assert await here.kept() == {sample.at: sample.value for sample in samples(LEVELS)}
    assert await here.reached() == crossings(LEVELS)


async def test_39_dns_failure(worlds: Worlds) -> None:
    """Injected: the name server fails. Expected: fault of the source, nothing stored or told, well again by itself."""
    names = Names(broken=True)
    async with worlds(chmu_url="http://opendata.example", resolver=names) as here:
        here.show({MAIN: samples(LEVELS)})
        await here.play(T0 + 6 * TEN)
        fault, failures = await here.source()
        assert "opendata.example" in fault
        assert failures >= 2
        assert await here.kept() == {}
        assert await here.told() == []


async def test_40_connect_hang(worlds: Worlds) -> None:
    """Injected: a host that answers no connection. Expected: fault "took too long", the round ends in time."""
    with deaf() as url:
        async with worlds(chmu_url=url) as here:
            await polling.one_round(here.house, here.http, here.memory)
            fault, failures = await here.source()
            assert "too long" in fault
            assert failures == 1


HTTP_FAULTS = {
    41: (Mode.SLOW, "too long", False),
    42: (Mode.RESET, "", False),
    43: (Mode.ERROR_503, "answered 503", False),
    44: (Mode.TOO_MANY, "answered 429", False),
    45: (Mode.HTML, "error page", False),
    46: (Mode.EMPTY, "", True),
    47: (Mode.TRUNCATED, "not a ČHMÚ data file", True),
    49: (Mode.OTHER_ID, "speaks of", True),
    50: (Mode.REDIRECT, "answered 302", False),
    52: (Mode.GZIP_BOMB, "decompresses to more", False),
}


async def _http_fault(worlds: Worlds, number: int) -> None:
    mode, words, undecodable = HTTP_FAULTS[number]
    async with worlds() as here:
        await fail_while_rising(here, mode)
        fault, failures = await here.source()
        assert failures >= 1
        assert words in fault
        assert bool(await here.quarantined()) is undecodable
        assert await here.reached() == [each for each in crossings(LEVELS) if each[0] <= RISING]
        await is_well_again(here)


async def test_41_slow_loris_body(worlds: Worlds) -> None:
    """Injected: one byte a second. Expected: fault "took too long" within the deadline, complete afterwards."""
    await _http_fault(worlds, 41)


async def test_42_reset_mid_body(worlds: Worlds) -> None:
    """Injected: the line is cut in the body. Expected: fault of the source, nothing stored, complete afterwards."""
    await _http_fault(worlds, 42)


@pytest.mark.parametrize("mode", [Mode.ERROR_500, Mode.ERROR_503])
async def test_43_status_500_503(worlds: Worlds, mode: Mode) -> None:
    """Injected: status 500 and 503. Expected: fault of the source, complete afterwards."""
    async with worlds() as here:
        await fail_while_rising(here, mode)
        assert f"answered {mode.value}" in (await here.source())[0]
        await is_well_again(here)


async def test_44_status_429(worlds: Worlds) -> None:
    """Injected: status 429. Expected: fault of the source, complete afterwards."""
    await _http_fault(worlds, 44)


async def test_45_html_error_page(worlds: Worlds) -> None:
    """Injected: 200 with a page of maintenance. Expected: fault "an error page", complete afterwards."""
    await _http_fault(worlds, 45)


async def test_46_empty_body(worlds: Worlds) -> None:
    """Injected: 200 with nothing. Expected: quarantine, fault of the source, complete afterwards."""
    await _http_fault(worlds, 46)


async def test_47_truncated_json(worlds: Worlds) -> None:
    """Injected: half a file. Expected: quarantine with the bytes, fault of the source, complete afterwards."""
    await _http_fault(worlds, 47)


@pytest.mark.parametrize(("mode", "words"), [(Mode.SCHEMA, ""), (Mode.OTHER_UNIT, "unit"), (Mode.DEEP, "")])
async def test_48_changed_schema_or_unit(worlds: Worlds, mode: Mode, words: str) -> None:
    """Injected: renamed fields, unknown unit, endless brackets. Expected: no value invented, complete afterwards."""
    async with worlds() as here:
        await fail_while_rising(here, mode)
        assert await here.kept() == {s.at: s.value for s in samples(LEVELS) if s.sent_at <= RISING}
        if mode is Mode.SCHEMA:  # a series without data is no broken file: the gauge is silent, and that is told
            assert ("silence", MAIN) in await here.told()
        else:
            assert any(words in reason for reason in await here.quarantined())
        await is_well_again(here)


async def test_49_changed_station_id(worlds: Worlds) -> None:
    """Injected: the file speaks of another station. Expected: quarantine, never stored as ours, complete afterwards."""
    await _http_fault(worlds, 49)


async def test_50_redirect(worlds: Worlds) -> None:
    """Injected: 302 to elsewhere. Expected: not followed, fault of the source, complete afterwards."""
    await _http_fault(worlds, 50)


async def test_51_bad_certificate(worlds: Worlds, tmp_path: Path) -> None:
    """Injected: a certificate nobody signed. Expected: not connected, fault names the certificate, nothing stored."""
    import ssl  # noqa: PLC0415

    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    runner = web.AppRunner(web.Application(), shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        async with worlds(chmu_url=f"https://127.0.0.1:{runner.addresses[0][1]}") as here:
            await polling.one_round(here.house, here.http, here.memory)
            fault, _ = await here.source()
            assert "ertificate" in fault
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("mode", [Mode.GZIP_BOMB, Mode.TWICE_PACKED])
async def test_52_gzip_bomb(worlds: Worlds, mode: Mode) -> None:
    """Injected: 64 MB of zeros packed; gzip in gzip. Expected: stopped at the cap, fault, complete afterwards."""
    async with worlds() as here:
        await fail_while_rising(here, mode)
        fault, _ = await here.source()
        assert ("unknown coding" if mode is Mode.TWICE_PACKED else "decompresses to more") in fault
        await is_well_again(here)


async def test_53_stale_cache(worlds: Worlds) -> None:
    """Injected: the same files for hours. Expected: one incident and no calm, every degree told afterwards."""
    async with worlds(others=9) as here:
        everybody = [MAIN, *(f"G{n:02}" for n in range(1, 10))]
        here.show({name: samples(LEVELS) for name in everybody})
        await here.play(RISING)
        here.server.outages.set(Mode.STALE)
        await here.play(RISING + 12 * TEN)
        assert await here.rows("SELECT scope, name, silent FROM incident") == [("transport", "chmu", 10)]
        assert [each for each in await here.told() if each[0] != "reached"] == [("incident", "transport:chmu")]
        await is_well_again(here, "")
        assert await here.rows("SELECT count(*) FROM incident WHERE ended_at IS NULL") == [(0,)]
