"""Messages of the real gauges and places: whole, valid, and for the reach a degree holds for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bridge_de.check import faults
from bridge_de.compose import Publisher, compose
from bridge_de.publish import write
from bridge_de.told import concerns_us, telling
from floodcore.network import load
from floodcore.network.model import Network
from floodcore.store.warnings import ChainMessage
from floodcore.words import Language
from tests.bridge.conftest import START, told
from tests.bridge.test_compose import expected, parameters, remember


def test_every_configured_gauge_has_valid_messages_with_nothing_cut(
    speaker: Publisher, structure: Callable[[bytes], list[str]]
) -> None:
    """The real names and places: full form, valid areas, headlines that fit even in an exercise."""
    network = load.read(Path(__file__).parents[2] / "station_configs")
    for number, station in enumerate(network.stations.values()):
        who = replace(speaker, network=network, exercise=number % 2 == 0)
        earlier: list[ChainMessage] = []
        degree = 0
        for to, ahead in ((1, True), (1, False), (4, True), (2, False), (3, True), (3, False), (4, False), (0, False)):
            makes = expected if ahead else told
            event = makes(station_id=station.id, from_degree=degree, to_degree=to, value=288.0, held=degree)
            if not concerns_us(event, earlier, network):
                assert station.country != "CZ"
                continue
            message = telling(event, earlier, START)
            alert, body = write(message, who)
            assert structure(body) == []
            assert faults(body) == []
            assert parameters(body)["stationName"] == station.names.local
            assert not any(info.headline.endswith("…") for info in alert.infos), alert.infos[1].headline
            earlier.append(remember(alert, event, message.revision, message.sent, message.expires))
            degree = degree if ahead else to


def test_for_which_reach_and_places_a_degree_holds(little: Network, speaker: Publisher) -> None:
    """The reach the plan names, in the reader's language or in Czech; without it the river and its Czech places."""
    told_of = telling(told(), [], START)
    assert "Platí pro: Lužická Nisa – Liberec." in compose(told_of, speaker).infos[0].description
    assert "Gilt für: Lausitzer Neiße – Liberec." in compose(told_of, speaker).infos[1].description
    named = replace(little.stations["316000"], reach={Language.CS: "Nisa od Proseče po Stráž"})
    network = replace(little, stations={**little.stations, "316000": named})
    for info in compose(told_of, replace(speaker, network=network)).infos:
        assert ": Nisa od Proseče po Stráž." in info.description
    below = telling(told(station_id="320000"), [], START)
    assert "Žitava" not in compose(below, speaker).infos[0].description.split("Níže")[0], "a place abroad is not ours"
