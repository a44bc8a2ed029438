"""Own rates beside the station files: what is refused, with its line, and what the engine makes of them."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerting.engine.rulebook import Rulebook
from alerting.engine.rules import Rules, canonical, parse, rules_of, version
from floodcore.network.faults import ConfigurationError
from floodcore.network.load import MAX_BYTES, MAX_RATES_BYTES, check, read
from floodcore.network.own_rates import written
from floodcore.network.report import lines
from floodcore.quality.rates import GENERIC, Learnt, Rates
from floodcore.words import Quantity

GOOD = Path(__file__).with_name("examples") / "good"
T0, T1 = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 29, 6, 10, tzinfo=UTC)
FROM = 'from: "2026-05-01T00:00:00+00:00"'
LEVEL = Learnt(0.4123, 0.25, 4031, T0, T1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOOD, tmp_path / "net"))


def said(folder: Path) -> list[str]:
    return [str(fault) for fault in check(folder).faults]


def test_rates_are_part_of_the_rules_of_their_series_and_of_their_version(folder: Path) -> None:
    network = read(folder)
    rules = rules_of(network, "000001", Quantity.LEVEL)
    assert rules.rates == Rates(0.4123, 0.25, "398ac7d28e25") == LEVEL.rates
    assert rules_of(network, "000001", Quantity.DISCHARGE).rates.rise == 1.5
    assert rules_of(network, "B-2", Quantity.LEVEL).rates == GENERIC
    assert parse(canonical(rules)) == rules
    assert '"rates":{"fall":0.25,"rise":0.4123,"version":"398ac7d28e25"}' in canonical(rules)
    assert Rulebook(network).of("000001", Quantity.LEVEL, T0).version == version(rules)
    (folder / "rates.yaml").unlink()
    generic = rules_of(read(folder), "000001", Quantity.LEVEL)
    assert "rates" not in canonical(generic)
    assert version(generic) != version(rules)
    assert parse(canonical(generic)) == generic


def test_rates_that_differ_in_anything_are_another_version() -> None:
    versions = {
        version(Rules(Quantity.LEVEL, T1 - T0, rates=rates))
        for rates in (GENERIC, Rates(0.5, 0.5, "a"), Rates(0.4, 0.5, "a"), Rates(0.5, 0.4, "a"), Rates(0.5, 0.5, "b"))
    }
    assert len(versions) == 5
    learnt = {
        LEVEL.version,
        Learnt(0.4124, 0.25, 4031, T0, T1).version,
        Learnt(0.4123, 0.26, 4031, T0, T1).version,
        Learnt(0.4123, 0.25, 4032, T0, T1).version,
        Learnt(0.4123, 0.25, 4031, T1, T1).version,
        Learnt(0.4123, 0.25, 4031, T0, T0).version,
    }
    assert len(learnt) == 6


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("rise: 0.4123", "rise: 0.5", "version 398ac7d28e25 is not that of these numbers"),
        ("fall: 0.2500, steps: 4031", "fall: 0.2, steps: 4031", "rates.yaml:4: 000001: fall 0.2 is not within 0.25"),
        ("rise: 1.5000", "rise: 2.1", "rates.yaml:3: 000001: rise 2.1 is not within 0.25 and 2"),
        ("steps: 4031", "steps: 4032", "learn them again with `hladina rates`"),
        ('id: "000001", quantity: level', "id: B-3, quantity: level", "there is no station 'B-3'; did you mean 'B-2'?"),
        ('id: "000001", quantity: level', "id: B-2, quantity: discharge", "B-2: does not measure discharge"),
        ("quantity: discharge", "quantity: level", "rates.yaml:4: 000001: its rates of level stand here a second time"),
        ("quantity: discharge", "quantity: rain", "quantity"),
        (f"4031, {FROM}", '4031, from: "2026-05-01 at midnight"', "from and to are times in UTC"),
        (f"4031, {FROM}", '4031, from: "2026-05-01T00:00:00.0000"', "from and to are times in UTC"),
    ],
)  # fmt: skip
def test_faults_of_rates(folder: Path, old: str, new: str, fault: str) -> None:
    text = (folder / "rates.yaml").read_text(encoding="utf-8")
    assert old in text
    (folder / "rates.yaml").write_text(text.replace(old, new), encoding="utf-8")
    assert any(fault in line for line in said(folder)), said(folder)


@pytest.mark.parametrize("left", [0.0, 0.3, 0.5, 0.95])
def test_rates_cut_short_are_said_and_the_house_starts_with_the_generic_ones(
    folder: Path, left: float, caplog: pytest.LogCaptureFixture
) -> None:
    text = (folder / "rates.yaml").read_text(encoding="utf-8")
    (folder / "rates.yaml").write_text(text[: int(left * len(text))], encoding="utf-8")
    found = read(folder)
    assert rules_of(found, "000001", Quantity.LEVEL).rates == GENERIC
    assert rules_of(found, "000001", Quantity.DISCHARGE).rates == GENERIC
    assert all(line.startswith("rates.yaml:") for line in said(folder))
    assert caplog.messages == [*said(folder), "rates.yaml is not used: every gauge is judged by the generic rates"]
    printed = lines(check(folder))
    assert printed[: len(said(folder))] == said(folder)
    assert printed[len(said(folder))].endswith("; the house starts without what was learnt")


def test_rates_do_not_hide_a_fault_of_another_file(folder: Path) -> None:
    (folder / "rates.yaml").write_text("rates: [", encoding="utf-8")
    (folder / "rivers.yaml").write_text("rivers: [", encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read(folder)
    assert {fault.file for fault in refused.value.faults} >= {"rates.yaml", "rivers.yaml"}


def test_the_rates_of_a_country_are_read(folder: Path) -> None:
    text = written({("000001", Quantity.LEVEL): LEVEL})
    filled = text + "# a comment as long as the line of a series\n" * 10_000
    assert len(filled) > MAX_BYTES
    (folder / "rates.yaml").write_text(filled, encoding="utf-8")
    assert said(folder) == []
    (folder / "rates.yaml").write_text(filled + "#" * MAX_RATES_BYTES, encoding="utf-8")
    assert f"rates.yaml:0: is larger than {MAX_RATES_BYTES} bytes" in said(folder)[0]


def test_what_is_written_is_what_is_read(folder: Path) -> None:
    learned = {("B-2", Quantity.LEVEL): Learnt(2.0, 1.0 / 4.0, 2000, T0, T1), ("000001", Quantity.LEVEL): LEVEL}
    (folder / "rates.yaml").write_text(written(learned), encoding="utf-8")
    assert said(folder) == []
    stations = read(folder).stations
    assert {(key, q): one for key, s in stations.items() for q, one in s.rates.items()} == learned
    assert written({}).endswith("rates: []\n")
    (folder / "rates.yaml").write_text(written({}), encoding="utf-8")
    assert said(folder) == []
