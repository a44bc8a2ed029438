"""How other services write what their gauges say: web pages, a feed, the bulletin. Pure; no decoder is looked at."""

import math
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from floodcore.words import Quantity
from simulators.shapes import Shown, by_address, plain, zulu

_PRAGUE = ZoneInfo("Europe/Prague")
_LEVEL, _FLOW, _WARMTH = Quantity.LEVEL, Quantity.DISCHARGE, Quantity.WATER_TEMPERATURE


def hpps(shown: Sequence[Shown], _now: datetime) -> bytes:
    """A week of a profile as HPPS shows it: windows-1250, Prague's clock, decimal dot, the newest row first."""
    heads = ("Datum a čas", "Stav [cm]", "Průtok [m3/s]", "Teplota [°C]")
    rows = _rows(shown, (_LEVEL, _FLOW, _WARMTH), ".")
    text = f"<html><head><title>Simulator</title></head><body>{_table(heads, rows, '')}</body></html>"
    return text.encode("cp1250")


def povodi(shown: Sequence[Shown], _now: datetime) -> bytes:
    """A station as a river board shows it: Prague's clock, decimal comma, the newest row first."""
    heads = ("Datum a čas", "H [cm]", "Q [m3/s]")
    table = _table(heads, _rows(shown, (_LEVEL, _FLOW), ","), ' id="ObsahCPH_DataMereniGV"')
    name = f'<span id="ObsahCPH_UdajeStaniceFW_NazevStaniceLbl">Simulator {shown[0].address}</span>'
    return f"<!DOCTYPE html><html><head></head><body>{name}{table}</body></html>".encode()


def _rows(shown: Sequence[Shown], columns: Sequence[Quantity], mark: str) -> list[list[str]]:
    series = next(iter(by_address(shown).values()))
    values = {quantity: dict(series[quantity].rows) for quantity in columns if quantity in series}
    moments = sorted({at for rows in values.values() for at in rows}, reverse=True)
    return [
        [
            f"{at.astimezone(_PRAGUE):%d.%m.%Y %H:%M}",
            *(_cell(values.get(quantity, {}).get(at), mark) for quantity in columns),
        ]
        for at in moments
    ]


def _cell(value: float | None, mark: str) -> str:
    if value is None:
        return "&nbsp;"
    return "NaN" if math.isnan(value) else str(plain(value)).replace(".", mark)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], attributes: str) -> str:
    head = "".join(f"<th>{each}</th>" for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table{attributes}><tr>{head}</tr>{body}</table>"


def saxony_rss(shown: Sequence[Shown], _now: datetime) -> bytes:
    """The feed of one gauge: 60 items, escaped HTML, decimal comma, UTC."""
    series = next(iter(by_address(shown).values()))
    levels = dict(series[_LEVEL].rows) if _LEVEL in series else {}
    flows = dict(series[_FLOW].rows) if _FLOW in series else {}
    items = []
    for at in sorted({*levels, *flows}, reverse=True)[:60]:
        level, flow = (_figure(values.get(at)) for values in (levels, flows))
        said = f"Wasserstand: {level} cm&lt;br/&gt;Durchfluss: {flow} m³/s&lt;br/&gt;Meldestufe: keine"
        items.append(f"<item><title>x</title><description>{said}</description><dc:date>{zulu(at)}</dc:date></item>")
    head = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    return f"{head}<channel><title>Simulator</title>{''.join(items)}</channel></rss>".encode()


def _figure(value: float | None) -> str:
    return "-" if value is None else str(plain(value)).replace(".", ",")


def bulletin(shown: Sequence[Shown], now: datetime) -> bytes:
    """The ČHMÚ bulletin of a quiet hour: blocks for every hazard that say that there is none."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    sent = hour.astimezone(_PRAGUE).isoformat()
    blocks = "".join(
        f"<info><language>{language}</language><category>Met</category><event>{event}</event>"
        f"<responseType>None</responseType><urgency>Future</urgency><severity>Minor</severity>"
        f"<certainty>Unlikely</certainty><eventCode><valueName>HPPS</valueName><value>XII.{degree}</value></eventCode>"
        f"<onset>{sent}</onset><area><areaDesc>Simulator</areaDesc><geocode><valueName>CISORP</valueName>"
        f"<value>5105</value></geocode></area></info>"
        for degree in (1, 2, 3)
        for language, event in (("cs", "Žádná výstraha"), ("en-GB", "No warning"))
    )
    head = (
        '<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
        f"<identifier>2.49.0.0.203.0.CZ.{hour:%y%m%d%H%M%S}.SIMULATOR_{len(shown)}</identifier>"
        f"<sender>simulator</sender><sent>{sent}</sent><status>Actual</status><msgType>Update</msgType>"
        "<scope>Public</scope>"
    )
    return f"{head}{blocks}</alert>".encode()
