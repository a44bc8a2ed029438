"""The lab for rain and for limits that change, its page, and the lines a version is taken over by."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from floodcore.network import load
from floodcore.texts import load as load_texts
from floodcore.words import Degree, Language
from hladina import rule_history
from hladina.cli import main

T0 = datetime(2025, 5, 1, tzinfo=UTC)
CONFIGS = Path(__file__).resolve().parents[2] / "station_configs"
LEVEL = """
- id: 'Y<b>'
  quantity: level
  unit: cm
  thresholds: {1: 80, 2: 100}
  changes:
    - {valid_from: 2025-05-01T10:00:00Z, values: {1: 60, 2: 100}}
"""
RAIN = """
- id: R
  quantity: rain
  unit: mm
  rain_degrees:
    sums:
      - {window: 1h, values: {1: 10, 2: 20}}
      - {window: 24h, values: {1: 35, 2: 45}, saturated: {1: 25, 2: 30}}
    saturation: {mm: 50, days: 10, recent_mm: 25, recent_days: 5}
"""
WAVE = [50.0, 52, 55, 60, 67, 75, 84, 92, 88, 80, 74, 68, 63, 60, 58, 56, 54, 53, 52, 51]
WHY = ["--author", "Zkušební autor", "--reason", "nový most: nižší", "--valid-from", "2126-01-01"]

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(stations: str, values: Sequence[float], *more: str) -> int:
        (tmp_path / "s.yaml").write_text(stations, encoding="utf-8")
        name, unit = ("R", "mm") if "rain" in stations else ("Y<b>", "cm")
        rows = [f"{name},{T0 + timedelta(minutes=10 * i):%Y-%m-%dT%H:%M:%SZ},{v},{unit}," for i, v in enumerate(values)]
        text = "\n".join(["station_id,timestamp,value,unit,role", *rows]) + "\n"
        (tmp_path / "r.csv").write_text(text, encoding="utf-8")
        return main(["lab", "--stations", str(tmp_path / "s.yaml"), "--readings", str(tmp_path / "r.csv"), *more])

    return call


def parsed(text: str) -> Any:
    """A page as a tree, refused if a browser would have to guess. Any, since XPath has no types."""
    return html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8", recover=False))


def data(path: Path) -> list[dict[str, object]]:
    (station,) = json.loads(path.read_text("utf-8"))
    found: list[dict[str, object]] = station["degrees"]
    return found


def rain(*showers: tuple[int, float]) -> list[float]:
    fallen = dict(showers)
    return [fallen.get(i, 0.0) for i in range(500)]


def test_the_reference_is_what_was_valid_then(run: Run, tmp_path: Path) -> None:
    """The second wave crosses the limit of its day, and a proposal that holds throughout meets both."""
    levels = [*WAVE, *[50.0] * 40, *[v - 25.0 for v in WAVE], *[40.0] * 20]
    assert run(LEVEL, levels, "--thresholds", "1=65,2=100", "--json", str(tmp_path / "o.json")) == 0
    first, _ = data(tmp_path / "o.json")
    assert (first["limit"], first["reference"]) == (65.0, 60.0)
    crossings = first["crossings"]
    assert [(one["at"][11:16], one["alert_minutes_before"]) for one in crossings] == [  # type: ignore[attr-defined]
        ("01:00", 20.0),
        ("11:10", 0.0),
    ]
    assert first["false"] == []


def test_what_stands_is_tried_with_its_change_by_another_calm_time(run: Run, tmp_path: Path) -> None:
    levels = [*WAVE, *[50.0] * 40, *[v - 25.0 for v in WAVE], *[40.0] * 20]
    assert run(LEVEL, levels, "--calm", "60", "--json", str(tmp_path / "o.json")) == 0
    first, _ = data(tmp_path / "o.json")
    assert [one["begin"][11:16] for one in first["alerts"]] == ["01:00", "11:10"]  # type: ignore[attr-defined]
    assert [one["alert_minutes_before"] for one in first["crossings"]] == [0.0, 0.0]  # type: ignore[attr-defined]


def test_other_sums_of_rain_are_compared_with_those_that_stand(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    showers = rain((200, 4.0), (201, 4.0), (202, 4.0), (400, 7.0))
    assert run(RAIN, showers, "--sums", "R:1h:1=6,2=18", "--json", str(tmp_path / "o.json")) == 0
    first, second = data(tmp_path / "o.json")
    assert first["sums"] == [
        {"window_min": 60, "limit": 6.0, "reference": 10.0},
        {"window_min": 1440, "limit": 35.0, "reference": 35.0},
    ]
    assert [one["alert_minutes_before"] for one in first["crossings"]] == [10.0]  # type: ignore[attr-defined]
    assert first["counts"] == {
        "alerts": 2,
        "crossings": 1,
        "first_minutes_before": 10.0,
        "median_minutes_before": 10.0,
        "missed": 0,
        "false": 1,
    }
    assert second["counts"]["alerts"] == 0  # type: ignore[index]
    assert "degree 1 at 6 mm in 60 min or 35 mm in 1440 min: 2 alerts" in capsys.readouterr().out


def test_hysteresis_and_calm_of_rain(run: Run, tmp_path: Path) -> None:
    showers = rain((200, 11.0), (212, 9.5), (224, 11.0))
    ends = []
    for more in ([], ["--calm", "120"], ["--hysteresis", "0.01", "--calm", "10"]):
        assert run(RAIN, showers, *more, "--json", str(tmp_path / "o.json")) == 0
        first, _ = data(tmp_path / "o.json")
        ends.append(len(first["alerts"]))  # type: ignore[arg-type]
    assert ends == [1, 1, 2]


@pytest.mark.parametrize(
    ("sums", "words"),
    [
        (["--sums", "2h:1=5"], "window 2h is none of 10min, 1h, 3h, 24h"),
        (["--sums", "1h:1=36"], "degree 1 of 1440 min is below that of 60 min"),
        (["--sums", "X:1h:1=5"], "no rain gauge X"),
        (["--sums", "1h:one"], "degree=value pairs are wanted"),
        (["--saturated", "1h:1=11"], "of saturated ground is above that of any"),
        (["--thresholds", "R:1=5"], "rain is judged by sums"),
    ],
)
def test_sums_that_cannot_be_tried_are_said(
    run: Run, capsys: pytest.CaptureFixture[str], sums: list[str], words: str
) -> None:
    assert run(RAIN, rain(), *sums) == 1
    assert words in capsys.readouterr().err


def test_a_version_of_rain_is_kept_and_read_back(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    assert run(RAIN, rain((200, 12.0)), "--sums", "1h:1=6", "--save", str(file), *WHY) == 0
    (one,) = rule_history.parse(file.read_text("utf-8"), "rules.yaml")
    assert one.rules.rain is not None
    assert [(window.minutes, window.limits[Degree(1)]) for window in one.rules.rain.windows] == [
        (60, 6.0),
        (1440, 35.0),
    ]
    assert one.rules.rain.ground == (50.0, 10, 25.0, 5)


def test_a_page_in_each_language_says_what_the_data_say(run: Run, tmp_path: Path) -> None:
    levels = [*WAVE, *[50.0] * 40, *[v - 25.0 for v in WAVE], *[40.0] * 20]
    save = ["--save", str(tmp_path / "rules.yaml"), *WHY]
    assert run(LEVEL, levels, "--thresholds", "1=55.5,2=100", *save, "--html", str(tmp_path / "pages")) == 0
    texts = load_texts()
    for language in Language:
        text = (tmp_path / "pages" / f"lab.{language.value}.html").read_text("utf-8")
        page = parsed(text)
        assert page.get("lang") == language.value
        assert "Y<b>" in page.text_content(), "escaped"
        assert page.xpath("//b") == []
        assert not re.search(r"(src|href)=.(https?:)?//", text), "self-contained"
        assert "<script" not in text
        (row, _) = page.xpath("//section/div/table/tbody/tr")
        decimal = "55.5" if language is Language.EN else "55,5"
        assert [str(cell.text_content()) for cell in row.xpath("td")][:3] == [
            f"{decimal}\N{NO-BREAK SPACE}cm", "60\N{NO-BREAK SPACE}cm", "2",
        ]  # fmt: skip
        assert page.xpath("//h1")[0].text_content() == texts.say(language, "lab.title")
        assert len(page.xpath("//nav/a")) == 4
        (region,) = page.xpath("//figure/div")
        named = texts.say(language, "lab.picture.of", station="Y<b>")
        assert page.xpath("string(//figure//*[@role='img']/title)") == named, "escaped once"
        assert region.get("aria-label") == named
        assert "Zkušební autor" in page.text_content()


def test_a_page_of_rain_and_of_a_single_reading(run: Run, tmp_path: Path) -> None:
    assert run(RAIN, rain((200, 12.0)), "--html", str(tmp_path / "pages")) == 0
    assert "10\N{NO-BREAK SPACE}mm/60\N{NO-BREAK SPACE}min" in (tmp_path / "pages/lab.de.html").read_text("utf-8")
    assert run(LEVEL, [50.0], "--html", str(tmp_path / "pages")) == 0


def test_the_lines_of_a_version_pass_the_check_of_the_station_files(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "configs"
    shutil.copytree(CONFIGS, folder)
    network = load.read(folder)
    gauge = next(one for one in network.stations.values() if one.id == "322000")
    stations = f"- {{id: '{gauge.id}', quantity: level, unit: cm, thresholds: {{1: 80}}}}\n"
    rows = "".join(f"{gauge.id},2025-05-01T0{i}:00:00Z,{50 + i},cm,\n" for i in range(5))
    (tmp_path / "s.yaml").write_text(stations, encoding="utf-8")
    (tmp_path / "r.csv").write_text(f"station_id,timestamp,value,unit,role\n{rows}", encoding="utf-8")
    files = ["lab", "--stations", str(tmp_path / "s.yaml"), "--readings", str(tmp_path / "r.csv")]
    source = source_of(folder)
    asked = [*files, "--thresholds", "1=150,2=180,3=210.5", "--snippet", "--source", source, *WHY]
    assert main(asked) == 0
    said = capsys.readouterr().out
    snippet = said[said.index("    changes:") :]
    put(folder, gauge.id, snippet)
    assert main(["check", str(folder)]) == 0, capsys.readouterr().out
    (change,) = load.read(folder).stations[gauge.id].changes
    assert (change.author, change.reason) == ("Zkušební autor", "nový most: nižší")
    assert change.valid_from == datetime(2126, 1, 1, tzinfo=UTC)
    assert change.limits.values == {Degree(1): 150.0, Degree(2): 180.0, Degree(3): 210.5}


def source_of(folder: Path) -> str:
    found = re.search(r"^ +- id: (\S+)", (folder / "sources.yaml").read_text("utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


def put(folder: Path, station: str, snippet: str) -> None:
    """The lines below the id of the station's entry."""
    for file in (folder / "stations").rglob("*.yaml"):
        text = file.read_text("utf-8")
        head = re.search(rf"^  - id: ['\"]?{station}['\"]?\n", text, re.MULTILINE)
        if head is not None:
            file.write_text(text[: head.end()] + snippet + text[head.end() :], encoding="utf-8")
            return
    raise AssertionError(station)


def test_the_lines_of_rain_and_what_no_line_can_say(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take = ["--snippet", "--source", "plan", *WHY]
    assert run(RAIN, rain((200, 12.0)), "--sums", "1h:1=6,2=18", *take) == 0
    said = capsys.readouterr().out
    assert "in place of the rain_degrees that stand, from 2126-01-01T00:00:00Z on" in said
    assert "saturated:" in said
    assert run(RAIN, rain(), "--snippet") == 2
    assert run(LEVEL, [50.0], "--calm", "45", *take) == 2
    assert "in no station file" in capsys.readouterr().err
