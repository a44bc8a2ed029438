"""Chains of messages: whole, ordered, bilingual, and valid in the eyes of two engines and of our own check."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from bridge_de.cap import Alert, MsgType, Status
from bridge_de.check import faults
from bridge_de.compose import Publisher, compose, compose_plain
from bridge_de.publish import write
from bridge_de.render import render
from bridge_de.told import concerns_us, is_past, telling
from floodcore.network.model import Network
from floodcore.store.notes import Note
from floodcore.store.warnings import ChainMessage, Latest, ToldEvent
from floodcore.words import Cause
from tests.bridge.conftest import START, told

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


def expected(**changes: object) -> ToldEvent:
    """SPA 2 is expected in 70 minutes."""
    plain: dict[str, object] = {
        "kind": "expected",
        "reason": "expected",
        "value": 98.0,
        "probability": 0.84,
        "horizon_min": 180,
        "expected_at": START + timedelta(minutes=70),
        "earliest_at": START + timedelta(minutes=20),
        "latest_at": START + timedelta(minutes=165),
        "model": "3",
    }
    return told(**(plain | changes))


def withdrawn(**changes: object) -> ToldEvent:
    ended: dict[str, object] = {"kind": "expected", "reason": "withdrawn", "from_degree": 2, "to_degree": 0}
    return told(**(ended | changes))


def remember(alert: Alert, event: ToldEvent, revision: int, sent: datetime, expires: datetime) -> ChainMessage:
    return ChainMessage(
        cap_id=event.event_id,
        event_id=event.event_id,
        revision=revision,
        sent=sent,
        expires=expires,
        reference=alert.reference,
        all_clear=event.to_degree == 0,
        kind=event.kind,
    )


def parameters(body: bytes, block: int = 0) -> dict[str, str]:
    info = etree.fromstring(body).findall(f"{CAP}info")[block]
    return {
        node.findtext(f"{CAP}valueName") or "": node.findtext(f"{CAP}value") or ""
        for node in info.findall(f"{CAP}parameter")
    }


def test_a_reached_limit_says_all_it_knows(speaker: Publisher, structure: Callable[[bytes], list[str]]) -> None:
    alert, body = write(telling(told(), [], START + timedelta(seconds=3, microseconds=7)), speaker)
    assert structure(body) == []
    assert faults(body) == []
    czech, german = alert.infos
    assert (alert.msg_type, alert.status, alert.sender) == (MsgType.ALERT, Status.ACTUAL, "hladina@hladina.example")
    assert alert.sent == "2026-03-29T01:00:03+01:00"
    assert alert.identifier == "CZ-LK-HLADINA.20260329T000003Z.7"
    assert czech.headline == "Dosažen limit 2. SPA (pohotovost): 132 cm, Liberec, Lužická Nisa"
    assert german.headline == (
        "Grenzwert SPA 2 (tschechische Stufe 2 von 3) erreicht: 132 cm, Liberec, Lausitzer Neiße"
    )
    assert (czech.severity, czech.urgency, czech.certainty) == ("Severe", "Immediate", "Observed")
    assert german.web == "https://hladina.example/de/stations/316000"
    assert parameters(body) == {
        "awareness_level": "3; orange; Severe",
        "awareness_type": "12; flooding",
        "stationId": "316000",
        "stationName": "Liberec",
        "river": "Lužická Nisa",
        "waterLevel": "132 cm",
        "waterLevelTime": "2026-03-29T01:00:00+01:00",
        "trend": "rising",
        "spaThresholds": "85/125/160 cm",
        "extremeThreshold": "342 cm",
        "discharge": "25.1 m3/s",
        "declaredBy": "none: measured limit reached",
        "downstreamInfo": "Zittau (DE)",
    }
    assert "Flussabwärts in den Nachbarländern: Zittau." in german.description
    assert "nicht um eine Ausrufung" in german.description


def test_a_message_tells_what_people_report(speaker: Publisher, structure: Callable[[bytes], list[str]]) -> None:
    def note(cause: Cause, texts: dict[str, str]) -> Note:
        return Note(1, "316000", cause, START, None, "povodí & spol. <x>", texts, None, START)

    noted = (
        note(Cause.SENSOR, {"de": "Sensor am 28. 3. getauscht"}),
        note(Cause.RELEASE, {"cs": "Odpouštění z Harcova", "de": "Ablass Harcov"}),
    )
    alert, body = write(telling(told(), [], START, notes=noted), speaker)
    assert structure(body) == []
    assert faults(body) == []
    czech, german = alert.infos
    assert "Příčina podle hlášení lidí: odpouštění z nádrže. „Odpouštění z Harcova“ (povodí + spol. ‹x›)." in (
        czech.description
    )
    assert "Hlášení lidí k vodočtu: vyměněné čidlo. „Sensor am 28. 3. getauscht“" in czech.description
    assert "„Ablass Harcov“" in german.description
    assert parameters(body)["cause"] == "release"


def test_an_expected_limit_is_told_as_a_forecast(speaker: Publisher, structure: Callable[[bytes], list[str]]) -> None:
    alert, body = write(telling(expected(), [], START + timedelta(seconds=3)), speaker)
    assert structure(body) == []
    assert faults(body) == []
    czech, german = alert.infos
    assert czech.headline == ("Očekává se kolem 03:10 limit 2. SPA (pohotovost): nyní 98 cm, Liberec, Lužická Nisa"), (
        "the clocks have changed meanwhile"
    )
    assert german.headline == (
        "Etwa 03:10 erwartet: SPA 2 (tschechische Stufe 2 von 3), jetzt 98 cm, Liberec, Lausitzer Neiße"
    )
    assert (german.urgency, german.severity, german.certainty) == ("Future", "Severe", "Likely")
    assert german.event_codes == (("CZ-SPA-EXPECTED", "2"),), "no machine may take it for reached"
    assert german.onset == "2026-03-29T03:10:00+02:00"
    assert german.expires == "2026-03-29T05:45:00+02:00"
    assert german.response_types == ("Prepare",)
    assert "(zwischen 01:20 und 04:45); Wahrscheinlichkeit innerhalb von 3 h: 84 %." in german.description
    assert "noch nicht erreicht und keine Stufe ist ausgerufen" in german.description
    assert "erreicht:" not in german.headline.lower()
    said = parameters(body)
    assert said["declaredBy"] == "none: expected by an automatic forecast, not measured"
    assert said["forecastProbability"] == "84 %"
    assert said["forecastOnset"] == "2026-03-29T03:10:00+02:00"
    assert said["forecastModel"] == "3"


def test_how_soon_and_how_sure_stand_in_the_codes(speaker: Publisher) -> None:
    for minutes, chance, urgency, certainty in ((50, 0.51, "Expected", "Likely"), (80, 0.5, "Future", "Possible")):
        event = expected(expected_at=START + timedelta(minutes=minutes), probability=chance, to_degree=4, held=3)
        alert, body = write(telling(event, [], START), speaker)
        assert faults(body) == []
        assert (alert.infos[0].urgency, alert.infos[0].certainty) == (urgency, certainty)
        assert alert.infos[0].event_codes == (("CZ-SPA-EXPECTED", "3"), ("CZ-SPA", "3"))
        assert "Už je dosažen limit 3. SPA (ohrožení)." in alert.infos[0].description
        assert alert.infos[0].expires == "2026-03-29T08:00:00+02:00", "what is reached holds beside it"


def test_what_did_not_come_true_is_withdrawn_openly(
    speaker: Publisher, structure: Callable[[bytes], list[str]]
) -> None:
    first = compose(telling(expected(), [], START), speaker)
    earlier = [remember(first, expected(), 0, START, START + timedelta(hours=3))]
    assert not concerns_us(withdrawn(), [], speaker.network), "nothing was told, nothing is withdrawn"
    for held, codes in ((0, (("CZ-SPA", "0"),)), (1, (("CZ-SPA", "1"),))):
        event = withdrawn(to_degree=held, held=held, event_id=8)
        assert concerns_us(event, earlier, speaker.network)
        alert, body = write(telling(event, earlier, START + timedelta(hours=2)), speaker)
        assert structure(body) == []
        assert faults(body) == []
        assert alert.infos[0].headline.startswith("Už se neočekává limit 2. SPA (pohotovost): 132 cm")
        assert alert.infos[0].event_codes == codes
        assert (alert.infos[0].urgency == "Past") == (held == 0)
        assert alert.references == (first.reference,)


def test_a_limit_reached_says_what_is_expected_further(
    speaker: Publisher, structure: Callable[[bytes], list[str]]
) -> None:
    event = told(further=3, further_at=START + timedelta(minutes=50))
    alert, body = write(telling(event, [], START), speaker)
    assert structure(body) == []
    assert faults(body) == []
    assert "Předpověď počítače dál očekává limit 3. SPA (ohrožení) asi 29. 3. 2026 01:50." in alert.infos[0].description
    assert alert.infos[0].event_codes == (("CZ-SPA", "2"),)
    assert alert.infos[0].certainty == "Observed"
    assert parameters(body)["forecastDegree"] == "CZ-SPA-EXPECTED 3"
    _, later = write(telling(event, [], START + timedelta(hours=1)), speaker)
    assert "forecastDegree" not in parameters(later), "its time has run out"


def test_what_has_been_reached_meanwhile_is_not_told_as_expected(speaker: Publisher) -> None:
    assert concerns_us(expected(), [], speaker.network)
    assert not concerns_us(expected(overtaken=True), [], speaker.network)
    assert not concerns_us(expected(station_id="660100"), [], speaker.network)
    assert is_past(expected(), START + timedelta(hours=3))
    assert not is_past(expected(), START + timedelta(hours=2))
    assert not is_past(told(), START + timedelta(days=3))


def test_only_czech_areas_are_claimed(speaker: Publisher) -> None:
    _, body = write(telling(told(), [], START), speaker)
    root = etree.fromstring(body)
    names = {node.text for node in root.iter(f"{CAP}areaDesc")}
    assert names == {"Liberec"}
    _, abroad = write(telling(told(station_id="320000"), [], START), speaker)
    names = {node.text for node in etree.fromstring(abroad).iter(f"{CAP}areaDesc")}
    assert names == {"okolí vodoměrné stanice Hrádek nad Nisou", "Umgebung des Pegels Hrádek nad Nisou"}
    assert parameters(abroad)["downstreamInfo"] == "Zittau (DE)"
    codes = {(n.findtext(f"{CAP}valueName"), n.findtext(f"{CAP}value")) for n in root.iter(f"{CAP}geocode")}
    assert codes == {("CISORP", "5105"), ("EMMA_ID", "CZ05105")}


def test_the_extreme_level_is_no_legal_degree(speaker: Publisher) -> None:
    alert, body = write(telling(told(to_degree=4, value=350.0), [], START), speaker)
    assert faults(body) == []
    assert alert.infos[0].event_codes == (("CZ-SPA", "3"),)
    assert "SPA 4" not in body.decode()
    assert alert.infos[0].severity == "Extreme"


def test_invented_input_anywhere_makes_an_exercise(speaker: Publisher, little: Network) -> None:
    synthetic = replace(
        speaker,
        network=replace(little, stations={"316000": replace(little.stations["316000"], synthetic=True)}),
    )
    for event, who in (
        (told(exercise=True), speaker),
        (told(), replace(speaker, exercise=True)),
        (told(), synthetic),
    ):
        alert, body = write(telling(event, [], START), who)
        assert faults(body) == []
        assert alert.status is Status.EXERCISE
        assert alert.note.startswith("exercise 316000:level")
        assert all(info.headline.startswith("CVIČENÍ / ÜBUNG: ") for info in alert.infos)


def test_an_unknown_station_is_told_all_the_same(speaker: Publisher, structure: Callable[[bytes], list[str]]) -> None:
    event = told(station_id="a b, c", chain="a b<c>", value=None, discharge=None)
    assert concerns_us(event, [], speaker.network)
    alert, body = write(telling(event, [], START), speaker)
    assert structure(body) == []
    assert faults(body) == []
    assert "hodnota neznámá" in alert.infos[0].headline
    assert "waterLevel" not in parameters(body)


def test_a_faulty_message_gives_way_to_the_plain_one(
    speaker: Publisher, structure: Callable[[bytes], list[str]], caplog: object
) -> None:
    for event in (told(station_id="bare"), told(quantity="smell"), told(trend="sideways")):
        alert, body = write(telling(event, [], START), speaker)
        assert structure(body) == []
        assert faults(body) == []
        assert parameters(body).keys() == {"awareness_level", "awareness_type", "stationId", "declaredBy"}
        assert (
            alert.infos[1].headline
            == f"Warnung: Grenzwert der tschechischen Stufe 2 von 3 (SPA 2), Pegel {event.station_id}"
        )


def test_the_plain_form_is_valid_for_every_degree(speaker: Publisher, structure: Callable[[bytes], list[str]]) -> None:
    first = compose(telling(told(), [], START), speaker)
    earlier = [remember(first, told(), 0, START, START + timedelta(hours=6))]
    for degree in range(5):
        event = told(event_id=8, from_degree=2, to_degree=degree)
        for one in (event, *((expected(event_id=8, to_degree=degree),) if degree else ())):
            body = render(compose_plain(telling(one, earlier, START), speaker))
            assert structure(body) == []
            assert faults(body) == []


def test_whose_events_are_told(speaker: Publisher) -> None:
    network = speaker.network
    assert not concerns_us(told(station_id="660100"), [], network), "a Saxon gauge is Saxony's to announce"
    assert not concerns_us(told(kind="silence"), [], network)
    assert not concerns_us(told(from_degree=1, to_degree=0), [], network), "nothing was told, nothing is cleared"


def test_a_refresh_tells_the_newest_value(speaker: Publisher) -> None:
    first = compose(telling(told(), [], START), speaker)
    earlier = [remember(first, told(), 0, START, START + timedelta(hours=6))]
    newest = Latest(141.5, START + timedelta(hours=4), "steady")
    refreshed = telling(told(), earlier, START + timedelta(hours=4, minutes=1), newest)
    alert, body = write(refreshed, speaker)
    assert faults(body) == []
    assert alert.identifier.endswith(".7.r1")
    assert alert.infos[0].headline == "Trvá limit 2. SPA (pohotovost): 141,5 cm, Liberec, Lužická Nisa"
    assert parameters(body)["waterLevel"] == "141.5 cm"
    assert "discharge" not in parameters(body), "the discharge is of another moment"
    older = replace(newest, observed_at=START - timedelta(hours=1))
    assert parameters(write(replace(refreshed, latest=older), speaker)[1])["waterLevel"] == "132 cm"


def test_an_old_value_says_so(speaker: Publisher) -> None:
    for minutes, said in ((20, False), (21, True)):
        alert, body = write(telling(told(), [], START + timedelta(minutes=minutes)), speaker)
        assert faults(body) == []
        assert ("Pozor, údaj je starý 21 min." in alert.infos[0].description) == said
        assert ("Achtung, der Messwert ist 21 min alt." in alert.infos[1].description) == said


STEPS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(-7200, 40_000),
        st.one_of(st.none(), st.floats(-50, 900)),
        st.sampled_from(["rising", "steady", "falling", "unknown"]),
        st.booleans(),
        st.sampled_from(["reached", "expected", "withdrawn"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, station=st.sampled_from(["316000", "320000", "unheard-of"]), exercise=st.booleans())
def test_any_episode_is_an_unbroken_chain(
    speaker: Publisher,
    structure: Callable[[bytes], list[str]],
    steps: list[tuple[int, int, float | None, str, bool, str]],
    station: str,
    exercise: bool,
) -> None:
    """Degrees in any order, refreshes between, a clock that jumps back two hours: the laws of a chain hold."""
    now, degree = START, 0
    earlier: list[ChainMessage] = []
    documents: dict[str, Alert] = {}
    event = told(station_id=station)
    for number, (to, seconds, value, trend, refresh, kind) in enumerate(steps, start=1):
        now += timedelta(seconds=seconds, microseconds=number)
        if not (refresh and earlier and degree):
            soon = {
                f"{end}_at": now + timedelta(minutes=m)
                for end, m in (("expected", 70), ("earliest", 9), ("latest", 170))
            }
            made: dict[str, Callable[..., ToldEvent]] = {
                "reached": told,
                "expected": partial(expected, **soon),
                "withdrawn": withdrawn,
            }
            to = max(to, 1) if kind == "expected" else degree if kind == "withdrawn" else to  # noqa: PLW2901
            event = made[kind](
                event_id=number,
                station_id=station,
                at=now - timedelta(minutes=2),
                from_degree=min(degree + 1, 4) if kind == "withdrawn" else degree,
                held=degree,
                to_degree=to,
                value=value,
                trend=trend,
                exercise=exercise,
            )
            degree = to if kind == "reached" else degree
            if not concerns_us(event, earlier, speaker.network):
                continue
        message = telling(event, earlier, now)
        alert, body = write(message, speaker)
        assert structure(body) == []
        assert faults(body) == []
        assert len(parameters(body)) > 4, "the full form, not the plain one"
        live = [old.reference for old in earlier if old.expires > message.sent]
        assert alert.references == tuple(live or [old.reference for old in earlier[-1:]])
        assert all(reference in documents for reference in alert.references)
        assert (alert.msg_type is MsgType.ALERT) == (not earlier)
        assert all(old.sent < message.sent for old in earlier)
        assert message.sent.astimezone(ZoneInfo("Europe/Prague")).isoformat() == alert.sent
        assert alert.identifier not in {old.identifier for old in documents.values()}
        documents[alert.reference] = alert
        earlier.append(remember(alert, event, message.revision, message.sent, message.expires))
