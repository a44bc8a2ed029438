"""A page that cannot be made says so and what to do, in the reader's language, and shows nothing of the fault."""

import psycopg
import pytest

from floodcore.words import Language
from portal.desk import Desk
from tests.portal.conftest import Running, parsed

INNARDS = "where the fault was"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("fault", "status"), [(KeyError, 500), (psycopg.OperationalError, 503)])
async def test_a_fault_becomes_a_page_that_says_what_to_do(
    portal: Running,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    language: Language,
    fault: type[Exception],
    status: int,
) -> None:
    def broken(*_: object, **__: object) -> str:
        raise fault(INNARDS)

    monkeypatch.setattr(Desk, "render", broken)
    async with portal.client.get(f"/{language}/status", headers={"Accept-Encoding": "identity"}) as answer:
        text = await answer.text()
        assert answer.status == status
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Retry-After"] == "10"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    page = parsed(text)
    assert page.get("lang") == language
    assert "112" in text
    assert page.xpath("//a/@href") == [f"/{language}/", f"/{language}/table"]
    assert INNARDS not in text
    assert "Traceback" not in text
    assert (INNARDS in caplog.text) == (status == 500)


async def test_a_program_gets_an_error_it_can_read(portal: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise ZeroDivisionError(INNARDS)

    monkeypatch.setattr("portal.api.properties", broken)
    async with portal.client.get("/api/v1/stations", headers={"Accept-Encoding": "identity"}) as answer:
        assert answer.status == 500
        assert await answer.json() == {"error": "the answer could not be made", "hint": "try again in 10 s"}
