"""Settings: all faults at once, each naming its variable."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floodcore import clock
from floodcore.settings import SettingsError, read


def test_defaults_need_only_a_folder(tmp_path: Path) -> None:
    settings = read({"HLADINA_STATIONS": str(tmp_path)})
    assert settings.port == 8080
    assert settings.twilio is None
    assert not settings.clock.synthetic


def test_all_faults_are_reported_together(tmp_path: Path) -> None:
    wrong = {
        "HLADINA_DATABASE_URL": "mysql://x",
        "HLADINA_MQTT_URL": "mqtt://host:notaport",
        "HLADINA_MQTT_CLIENT": "a name with blanks",
        "HLADINA_PORT": "70000",
        "HLADINA_STATIONS": str(tmp_path / "absent"),
        "HLADINA_CHMU_INTERVAL_S": "-1",
        "HLADINA_EXERCISE": "perhaps",
        "HLADINA_TWILIO_ACCOUNT_SID": "AC1",
        "HLADINA_INGEST_KEYS": "nokey",
        "HLADINA_CLOCK": "yesterday",
        "HLADINA_KILL_AT": "nowhere:1",
        "HLADINA_FRAME_ANCESTORS": "https://[half",
    }
    with pytest.raises(SettingsError) as caught:
        read(wrong)
    named = {fault.split(":")[0] for fault in caught.value.faults}
    assert named == (set(wrong) - {"HLADINA_TWILIO_ACCOUNT_SID"}) | {
        "HLADINA_TWILIO_AUTH_TOKEN",
        "HLADINA_TWILIO_SENDER",
    }


@given(st.dictionaries(st.sampled_from(["HLADINA_DATABASE_URL", "HLADINA_PORT", "HLADINA_CLOCK"]), st.text()))
def test_no_text_brings_anything_but_a_settings_error(environment: dict[str, str]) -> None:
    try:
        read(environment | {"HLADINA_STATIONS": "."})
    except SettingsError as error:
        assert error.faults


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00@2026-01-01T00:00:00+00:00*1",  # data time without a zone
        "2026-01-01T00:00:00+00:00@2026-01-01T00:00:00*1",
        "2026-01-01T00:00:00+00:00@2026-01-01T00:00:00+00:00*inf",
        "2026-01-01T00:00:00+00:00@2026-01-01T00:00:00+00:00*1e300",
        "2026-01-01T00:00:00+00:00@2026-01-01T00:00:00+00:00*0",
    ],
)
def test_a_clock_that_cannot_run_is_a_fault_of_the_setting(text: str) -> None:
    with pytest.raises(ValueError, match="HLADINA_CLOCK"):
        clock.parse(text)


def test_digits_that_are_no_number_are_a_fault_not_a_traceback() -> None:
    with pytest.raises(SettingsError) as caught:
        read({"HLADINA_PORT": "²", "HLADINA_STATIONS": ".", "HLADINA_KILL_AT": "poll.fetched:²"})
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["HLADINA_PORT", "HLADINA_KILL_AT"]


@pytest.mark.parametrize("url", ["postgresql://u:half%@host/db", "postgresql://host/db?colour=blue"])
def test_a_database_address_that_libpq_cannot_read_is_a_fault_that_tells_no_password(url: str) -> None:
    with pytest.raises(SettingsError, match="HLADINA_DATABASE_URL") as caught:
        read({"HLADINA_DATABASE_URL": url, "HLADINA_STATIONS": "."})
    assert "half" not in str(caught.value)


def test_a_clock_survives_its_text() -> None:
    made = clock.Clock(datetime(2020, 5, 1, tzinfo=UTC), datetime.now(UTC), 60.0)
    again = clock.parse(made.as_text())
    assert again == made
    assert again.synthetic
    assert abs(again.now() - made.now()) < timedelta(seconds=60)
    assert made.real_seconds(60) == 1.0
