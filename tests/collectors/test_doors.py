"""Who may send to a house without keys: only what runs on the same machine, and nobody through a proxy."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp.test_utils import make_mocked_request

from collectors import room
from collectors.doors import RefusedError, authorize
from floodcore.settings import Settings

if TYPE_CHECKING:
    from tests.collectors.conftest import Houses


@pytest.mark.parametrize("url", ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080", ""])
def test_a_house_that_only_this_machine_reaches_is_open_without_keys(url: str) -> None:
    authorize(Settings("", Path(), public_url=url), "brod", make_mocked_request("POST", "/"), b"")


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://hladina.example", {}),
        ("http://localhost:8080", {"X-Forwarded-For": "192.0.2.1"}),
        ("http://localhost:8080", {"Forwarded": "for=192.0.2.1"}),
    ],
)
def test_behind_a_proxy_nobody_sends_without_keys(url: str, headers: dict[str, str]) -> None:
    request = make_mocked_request("POST", "/", headers=headers)
    with pytest.raises(RefusedError, match="HLADINA_INGEST_KEYS") as refused:
        authorize(Settings("", Path(), public_url=url), "brod", request, b"")
    assert (refused.value.status, refused.value.error) == (403, "not_configured")


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({"host": "0.0.0.0"}, True),  # noqa: S104
        ({"public_url": "https://hladina.example"}, True),
        ({"host": "0.0.0.0", "ingest_keys": {"brod": "k1"}}, False),  # noqa: S104
        ({}, False),
    ],
)
def test_a_house_that_nobody_can_send_to_says_so_at_its_start(
    houses: "Houses", changes: dict[str, object], warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        room.routes(houses(**changes))
    assert any("HLADINA_INGEST_KEYS" in record.message for record in caplog.records) == warned
