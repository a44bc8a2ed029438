"""What stations learnt, live: as in a hindcast with the same file, named in events; a bad file is refused."""

import csv
import json
import logging
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from psycopg import AsyncConnection

from alerting import learnt
from alerting.engine import forecast_odds
from alerting.engine.forecast_trained import FILE, FORMAT, Trained, TrainedError, parse, version_of
from alerting.engine.rulebook import Rulebook
from alerting.evaluate import evaluate
from alerting.foresee import foresee
from floodcore.network.model import Limits, Names, Network, Station
from floodcore.store.connect import Pool
from floodcore.store.foresight import foresights
from floodcore.words import Degree, Quantity, Reading
from hladina.commands.check import main as check
from hladina.hindcast import main as hindcast
from tests.engine.test_foresee import bring
from tests.engine.test_training import STATIONS, T0, river, write
from tests.rows import rows

Array = NDArray[np.float64]
STEP = timedelta(minutes=10)
START = T0 + timedelta(days=40)
ROOT = Path(__file__).resolve().parents[2]


def station(name: str, quantity: Quantity, limits: dict[int, float], upstream: tuple[str, ...] = ()) -> Station:
    spa = Limits(quantity, {Degree(n): v for n, v in limits.items()}, "invented", None)
    limited = (spa,) if limits else ()
    return Station(name, Names(name), None, "CZ", "test", (quantity,), STEP, limits=limited, upstream=upstream)


NETWORK = Network(
    stations={
        "UP": station("UP", Quantity.LEVEL, {1: 300.0}),
        "DOWN": station("DOWN", Quantity.LEVEL, {1: 100.0, 2: 130.0}, ("UP",)),
        "RAIN": station("RAIN", Quantity.RAIN, {}),
    }
)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what --train wrote, and what a hindcast made of another record with it."""
    folder = tmp_path_factory.mktemp("taught")
    write(folder / "t.csv", T0, river(16, seed=1))
    write(folder / "r.csv", START, record())
    (folder / "s.yaml").write_text(STATIONS, encoding="utf-8")
    files = ["--stations", str(folder / "s.yaml"), "--readings", str(folder / "r.csv"), "--out", str(folder / "out")]
    assert hindcast([*files, "--train", str(folder / "t.csv")]) == 0
    shutil.copy(folder / "out/stations.json", folder / FILE)
    return folder


def record() -> tuple[Array, Array, Array]:
    upper, lower, rain = river(4, seed=5)
    return upper[:300], lower[:300], rain[:300]


async def lived(conn: AsyncConnection, trained: Trained) -> dict[tuple[datetime, int], tuple[float, ...]]:
    """The outlook of DOWN at its readings around the first flood: by moment and degree, per reach."""
    parts = record()
    flood = int(np.flatnonzero(parts[2])[0])
    found: dict[tuple[datetime, int], tuple[float, ...]] = {}
    units = {"UP": (Quantity.LEVEL, "cm"), "DOWN": (Quantity.LEVEL, "cm"), "RAIN": (Quantity.RAIN, "mm")}
    for first, end in [(0, flood), *((n, n + 1) for n in range(flood, flood + 40))]:
        batch = [
            Reading(name, quantity, START + n * STEP, v, v, unit)
            for (name, (quantity, unit)), values in zip(units.items(), parts, strict=True)
            for n, v in enumerate(values.tolist())
            if first <= n < end
        ]
        await bring(conn, batch)
        now = START + (end - 1) * STEP
        await evaluate(conn, Rulebook(NETWORK), now, exercise=False)
        await foresee(conn, Rulebook(NETWORK), now, exercise=False, trained=trained)
        (view,) = [view for view in await foresights(conn) if view.station_id == "DOWN"]
        assert view.issued_at == now
        assert view.outlook is not None
        found |= {(now, limit.degree): limit.probability for limit in view.outlook.limits}
    return found


def said(path: Path) -> dict[tuple[datetime, int, int], float]:
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (datetime.fromisoformat(r["issued_at"]), int(r["degree"]), int(r["horizon_min"])): float(r["probability"])
            for r in csv.DictReader(file)
            if r["station_id"] == "DOWN"
        }


async def test_live_foresees_as_a_hindcast_with_the_same_file_and_names_it(pool: Pool, taught: Path) -> None:
    trained = learnt.read(taught, NETWORK)
    assert set(trained.stations) >= {"DOWN"}
    by_hindcast = said(taught / "out/forecasts.csv")
    async with pool.connection() as conn:
        found = await lived(conn, trained)
        models = await rows(conn, "SELECT DISTINCT model FROM expectation JOIN event USING (event_id)")
        shown = await rows(conn, "SELECT model FROM foresight JOIN series USING (series_id) WHERE station_id = 'DOWN'")
    assert len(found) >= 40
    horizons = (30, 60, 120, 180)
    # A hindcast leaves out what is less likely than 0.02, and a degree held in its calm time.
    compared = [
        (chance, by_hindcast[at, degree, horizon])
        for (at, degree), chances in found.items()
        for chance, horizon in zip(chances, horizons, strict=False)
        if (at, degree, horizon) in by_hindcast
    ]
    assert max(abs(live - past) for live, past in compared) < 2e-4
    assert len(compared) > 60
    assert sum(live > 0.3 for live, _ in compared) > 10
    model = f"{forecast_odds.generic().version}+{trained.version}"
    assert shown == [(model,)]
    assert models == [(model,)]


def test_a_hindcast_with_the_file_is_the_one_that_wrote_it(taught: Path, tmp_path: Path) -> None:
    files = ["--stations", str(taught / "s.yaml"), "--readings", str(taught / "r.csv"), "--out", str(tmp_path)]
    assert hindcast([*files, "--trained", str(taught / FILE)]) == 0
    for name in ("forecasts.csv", "degrees.csv"):
        assert (tmp_path / name).read_bytes() == (taught / "out" / name).read_bytes()
    assert json.loads((tmp_path / "summary.json").read_text("utf-8"))["train"]["files"] == [FILE]


CHANGES: dict[str, tuple[str, object]] = {
    "format": ("format", FORMAT + 1),
    "odds": ("odds", "other"),
    "times": ("reaches_min", [30, 60]),
    "above": ("stations.DOWN.upstream", []),
    "quantity": ("stations.DOWN.quantity", "discharge"),
    "rain": ("stations.DOWN.rain_gauges", ["UP"]),
    "size": ("stations.DOWN.rise", [[0.0] * 5]),
    "infinite": ("stations.DOWN.share", [1e999, 0.0, 0.0, 0.0]),
}


def changed(taught: Path, how: str) -> bytes:
    body: dict[str, Any] = json.loads((taught / FILE).read_text("utf-8"))
    if how == "stranger":
        body["stations"]["NOWHERE"] = body["stations"]["DOWN"]
    elif how in CHANGES:
        path, value = CHANGES[how]
        *way, last = path.split(".")
        part = body
        for key in way:
            part = part[key]
        part[last] = value
    body["version"] = version_of(body)
    if how == "by hand":
        body["stations"]["DOWN"]["share"][0] += 0.1
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        ("format", "is of format 3, this house reads 2"),
        ("odds", "was learnt beside the generic forecast other"),
        ("times", "foresees other times"),
        ("stranger", "station NOWHERE: is not in the station files"),
        ("above", "station DOWN: learnt with none above it, the station files say UP"),
        ("quantity", "station DOWN: learnt from its discharge, is judged by its level"),
        ("rain", "learnt with the rain at UP, which is no rain gauge"),
        ("size", "station DOWN: its numbers are not of the size"),
        ("infinite", "station DOWN: its numbers are not of the size"),
        ("by hand", "was changed after it was written"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_what_to_do(
    taught: Path, tmp_path: Path, how: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_bytes(changed(taught, how))
    with pytest.raises(TrainedError) as refused:
        learnt.read(tmp_path, NETWORK)
    assert any(fault in each and "--train" in each for each in refused.value.faults), refused.value.faults
    assert learnt.faults(tmp_path, NETWORK)[0].startswith(f"{FILE}: ")
    with caplog.at_level(logging.ERROR):
        assert learnt.at_start(tmp_path, NETWORK) == Trained()
    assert fault in caplog.text
    assert "generic forecast" in caplog.text


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b'{"format": 2}', b"[" * 20_000], ids=range(6))
def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path, text: bytes) -> None:
    (tmp_path / FILE).write_bytes(text)
    (fault,) = learnt.faults(tmp_path, NETWORK)
    assert "is damaged" in fault
    assert "--train" in fault


def test_half_a_letter_in_a_name_can_be_said(taught: Path) -> None:
    file = json.loads((taught / FILE).read_bytes())
    file["stations"] = {"g\ud800": next(iter(file["stations"].values()))}
    file["version"] = version_of(file)
    with pytest.raises(TrainedError) as refused:
        parse(json.dumps(file).encode(), {}, forecast_odds.generic().version)
    assert "station g\\ud800: is not in the station files" in str(refused.value)
    assert all(fault.isprintable() for fault in refused.value.faults)


def test_no_file_is_no_fault(tmp_path: Path) -> None:
    assert learnt.faults(tmp_path, NETWORK) == []
    assert learnt.at_start(tmp_path, NETWORK) == Trained()
    (tmp_path / FILE).mkdir()
    (fault,) = learnt.faults(tmp_path, NETWORK)
    assert "cannot be read" in fault


def test_check_reads_the_file_beside_the_stations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "stations"
    shutil.copytree(ROOT / "station_configs", folder)
    assert check([str(folder)]) == 0
    (folder / FILE).write_text("{}")
    capsys.readouterr()
    assert check([str(folder)]) == 1
    assert f"{FILE}: is of format None" in capsys.readouterr().out
