"""Sensors, their dated offsets and the forms of exports: faults with their lines, and the words of the model."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from floodcore.network.load import check, read
from floodcore.network.model import Column, Link, Mounting, mounting_at
from floodcore.network.mounting import moment
from tests.network.test_load import EXAMPLES, SENSORS

LINK = "- {kind: tts, address: b-2, sensor: dragino_ldds, zero_cm: 450}"
EXPORT = """exports:
  - id: village
    layout: csv
    separator: ";"
    decimal: ","
    skip_lines: 2
    missing: ["-"]
    station: Stanice
    time: [Datum, Cas]
    time_format: "%d.%m.%Y %H:%M"
    zone: Europe/Prague
    repeated_hour: order
    columns:
      - {name: Hladina, measures: distance, unit: mm}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES / "good", tmp_path / "net"))


def faults(folder: Path) -> list[str]:
    return [str(fault) for fault in check(folder, SENSORS).faults]


def links(folder: Path, text: str) -> None:
    """Put `text` in the place of the first link of B-2; it begins in line 32."""
    file = folder / "stations" / "all.yaml"
    content = file.read_text()
    assert LINK in content
    file.write_text(content.replace(LINK, text))


def test_dated_mountings_become_words_and_the_short_form_is_one_that_always_held(folder: Path) -> None:
    links(folder, """- kind: tts
        address: b-2
        mounted:
          - {valid_from: 2026-03-01, sensor: dragino_ldds, zero_cm: 450}
          - {valid_from: "2026-09-12T10:30:00+02:00", sensor: decentlab_ctd10,
             probe_cm: -30.5, shift_cm: 2, tip_mm: 0.2}""")  # fmt: skip
    link = read(folder, SENSORS).stations["B-2"].links[0]
    first = Mounting(datetime(2026, 3, 1, tzinfo=UTC), "dragino_ldds", 450.0)
    second = Mounting(datetime(2026, 9, 12, 8, 30, tzinfo=UTC), "decentlab_ctd10", None, -30.5, 2.0, 0.2)
    assert link.mountings == (first, second)
    assert mounting_at(link.mountings, datetime(2026, 2, 28, 23, 59, tzinfo=UTC)) is None
    assert mounting_at(link.mountings, datetime(2026, 9, 12, 8, 29, tzinfo=UTC)) == first
    assert mounting_at(link.mountings, datetime(2026, 9, 12, 8, 30, tzinfo=UTC)) == second
    short = Link("tts", "b-2", "dragino_ldds", 450.0)
    assert short.mountings == (Mounting(None, "dragino_ldds", 450.0),)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-12-01", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-12-01T10:30:00+02:00", datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),
        ("2026-12-01 10:30:00+02:00", datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),
        ("2026-12-01t10:30:00+02:00", datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),
        ("2026-12-01 10:30Z", datetime(2026, 12, 1, 10, 30, tzinfo=UTC)),
        ("2026-12-01 00:30:00+02:00", datetime(2026, 11, 30, 22, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_keeps_its_zone_however_it_is_written(text: str, found: datetime) -> None:
    assert moment(text) == found
    assert moment(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    ["2026-12-01 10:30:00", "2026-12-01t10:30", "2026-12-01T10:30", "20261201", "2026-W49-2", "2026-02-30", "monday"],
)
def test_what_is_no_day_needs_its_zone(text: str) -> None:
    with pytest.raises(ValueError, match=r"zone|isoformat|out of range"):
        moment(text)


def mounted(kind: str, *lines: str) -> str:
    return f"- kind: {kind}\n        mounted:\n" + "\n".join(f"          - {{{line}}}" for line in lines)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- {kind: tts, address: b-2, sensor: dragino_ldds}", "32: B-2: the sensor dragino_ldds needs zero_cm"),
        ("- {kind: tts, address: b-2, sensor: dragino_lds, zero_cm: 4}", "no sensor 'dragino_lds'; did you mean"),
        ("- {kind: tts, address: b-2}", "32: B-2: lacks the key 'sensor'"),
        (mounted("push\n        zero_cm: 450", "valid_from: 2026-03-01, zero_cm: 450"), "zero_cm inside mounted"),
        (
            mounted("tts\n        address: b-2", "valid_from: 2026-03-01, sensor: decentlab_ctd10"),
            "35: B-2: the sensor decentlab_ctd10 needs probe_cm",
        ),
        (
            mounted("push", "valid_from: 2026-03-01, zero_cm: 450", "valid_from: 2026-03-01, zero_cm: 460"),
            "35: B-2: valid_from is not after that of the mounting above",
        ),
        (mounted("push", "valid_from: 2026-02-30, zero_cm: 450"), "34: B-2: valid_from '2026-02-30'"),
        (mounted("push", "valid_from: '2026-02-20T10:00', zero_cm: 450"), "34: B-2: valid_from"),
        ("- kind: push\n        mounted: []", "too few"),
        ("- {kind: fiedler, address: '00123'}", "lacks the key 'channels'"),
        ("- {kind: export, export: vilage}", "there is no export 'vilage'"),
        ("- {kind: sensorthings, address: '5', quantity: level, unit: ell}", "32: B-2: unknown unit 'ell' for level"),
        ("- {kind: sms, pattern: 'Hladina {level} cm'}", "32: B-2: write the unit, as {level:cm}"),
        ("- {kind: sms, pattern: 'Hladina {levl:cm} cm'}", "32: B-2: {levl:cm} is none of"),
        ("- {kind: sms, pattern: 'Hladina'}", "32: B-2: the pattern measures nothing"),
        ("- {kind: sms, pattern: '{level:cm} {time}'}", "32: B-2: the text holds a time; say with zone"),
        ("- {kind: sms, pattern: '{level:cm} {date}', zone: UTC}", "a {date} without a {time} is no time"),
        ("- {kind: sms, pattern: '{level:cm} {time}', zone: Europe/Praha}", "there is no zone 'Europe/Praha'"),
        ("- {kind: sms, pattern: '* * * * * {level:cm}'}", "more than 4 times *"),
        ("- {kind: chirpstack, address: ABCD, sensor: dragino_ldds, zero_cm: 4}", "is not a DevEUI"),
    ],
)
def test_faults_of_sensors_and_offsets_have_their_line(folder: Path, text: str, fault: str) -> None:
    links(folder, text)
    assert any(fault in found for found in faults(folder)), faults(folder)


def test_sensors_are_judged_only_by_who_knows_them(folder: Path) -> None:
    links(folder, "- {kind: tts, address: b-2, sensor: not_known_here}")
    assert check(folder).faults == ()


def test_an_export_becomes_words(folder: Path) -> None:
    (folder / "exports.yaml").write_text(EXPORT)
    links(folder, "- {kind: export, export: village, address: LVS-1, zero_cm: 400}")
    network = read(folder, SENSORS)
    export = network.exports["village"]
    assert (export.time, export.zone, export.repeated_hour) == (("Datum", "Cas"), "Europe/Prague", "order")
    assert (export.decimal, export.skip_lines, export.missing, export.encoding) == (",", 2, ("", "-"), "utf-8")
    assert export.columns == (Column("Hladina", "distance", "mm"),)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("%d.%m.%Y %H:%M", "%d.%m.%Y", "exports.yaml:10: village: time_format '%d.%m.%Y' does not hold day and minute"),
        ("zone: Europe/Prague", "zone: Europe/Praha", "exports.yaml:11: village: there is no zone 'Europe/Praha'"),
        ("zone: Europe/Prague", "zone: ../../etc/passwd", "there is no zone"),
        ("zone: Europe/Prague", "zone: stamp", "the stamp carries no zone"),
        ("    repeated_hour: order\n", "", "say with repeated_hour"),
        ("layout: csv", "layout: json", "lacks the key 'rows'"),
        ("unit: mm", "unit: ell", "exports.yaml:14: village: unknown unit 'ell'"),
        ("layout: csv", "layout: csv\n    encoding: klingon", "there is no encoding 'klingon'"),
        ("layout: csv", "layout: csv\n    encoding: base64", "there is no encoding 'base64'"),
    ],
)
def test_faults_of_exports(folder: Path, old: str, new: str, fault: str) -> None:
    assert old in EXPORT
    (folder / "exports.yaml").write_text(EXPORT.replace(old, new))
    assert any(fault in found for found in faults(folder)), faults(folder)


def test_an_export_of_one_station_feeds_one(folder: Path) -> None:
    (folder / "exports.yaml").write_text(EXPORT)
    links(folder, "- {kind: export, export: village}\n      - {kind: export, export: village}")
    assert any("already feeds station B-2" in found for found in faults(folder))
