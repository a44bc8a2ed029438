"""Who watches: /health for machines, the status page for people, /metrics for Prometheus.

A stage that hangs stops beating, and silence counts as a fault. Ages of stages are real seconds of
this process' supervisor, and of the other processes by the table they write to.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from floodcore.context import Bulletin
from floodcore.store import views
from floodcore.store.views import BacklogView, PartnerView, PulseView, QuarantineView, SourceView
from floodcore.words import Freshness, Language
from portal import answers, contextpage, doubting, wellbeingpage
from portal.board import OUTAGES
from portal.desk import Desk
from portal.geojson import Json, iso
from portal.localtime import duration
from portal.reading import Reader
from portal.wellbeing import source_words

# A stage beats at least once a second or two; a polling collector beats while it waits.
SILENT_STAGE_S = 30.0
# A process that has stopped writing is gone, unless it was ended on purpose; it is shown for an hour.
_QUARANTINE_SPAN = timedelta(hours=24)
_READ_LIMIT_S = 2.0
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: `age_s` None = it has not beaten yet."""

    name: str
    age_s: float | None
    failures: int
    broken: str

    @property
    def dead(self) -> bool:
        """Whether it is broken or has been silent too long."""
        return bool(self.broken) or self.age_s is None or self.age_s > SILENT_STAGE_S


@dataclass(frozen=True, slots=True)
class Depth:
    """What only the database knows; None where it did not answer."""

    backlog: BacklogView
    sources: list[SourceView]
    quarantine: list[QuarantineView]
    partners: list[PartnerView]
    pulses: list[PulseView]


def stages(desk: Desk) -> list[Stage]:
    """The stages of this process, by name."""
    pulses = sorted(desk.house.supervisor.pulses.values(), key=lambda pulse: pulse.name)
    return [Stage(pulse.name, pulse.age_s(), pulse.failures, pulse.broken) for pulse in pulses]


async def depth(desk: Desk) -> Depth | None:
    """Read what the database knows of the work, or None when it is away."""
    since = desk.house.clock.now() - _QUARANTINE_SPAN
    if desk.board.stale:
        return None
    try:
        async with asyncio.timeout(_READ_LIMIT_S), desk.house.pool.connection(_READ_LIMIT_S) as conn:
            return Depth(
                await views.backlog(conn),
                await views.sources(conn),
                await views.quarantine(conn, since),
                await views.partner_fetches(conn),
                await views.pulses(conn),
            )
    except OUTAGES:
        return None


async def health(desk: Desk, request: web.Request) -> web.Response:
    """200 while every stage beats and the database answers, else 503; the ages either way."""
    await desk.board.look()
    running = stages(desk)
    database = not desk.board.stale
    ok = database and not any(stage.dead for stage in running)
    body: Json = {
        "ok": ok,
        "now": iso(desk.house.clock.now()),
        "exercise": desk.house.settings.exercise,
        "database": {"ok": database, "read_at": iso(desk.board.snapshot.read_at), "fault": desk.board.fault or None},
        "stages": {
            stage.name: {
                "ok": not stage.dead,
                "age_s": None if stage.age_s is None else round(stage.age_s, 3),
                "failures": stage.failures,
                "fault": stage.broken or None,
            }
            for stage in running
        },
        "incidents": [
            {"scope": each.scope, "name": each.name, "since": iso(each.at), "silent": each.silent, "of": each.gauges}
            for each in desk.board.snapshot.incidents
        ],
    }
    return answers.data(request, body, status=200 if ok else 503, headers={"Cache-Control": "no-store"})


async def metrics(desk: Desk, _: web.Request) -> web.Response:
    """Prometheus text format 0.0.4."""
    snapshot = await desk.board.current()
    now = desk.house.clock.now()
    known = await depth(desk)
    lines = [*_metric("hladina_up", "Whether the database answers", [("", 0 if desk.board.stale else 1)])]
    running = [stage for stage in stages(desk) if stage.age_s is not None]
    lines += _metric(
        "hladina_stage_age_seconds", "Since a stage last beat", [(_of("stage", s.name), s.age_s) for s in running]
    )
    lines += _metric(
        "hladina_stage_failures",
        "Failures since a stage last worked",
        [(_of("stage", s.name), s.failures) for s in stages(desk)],
    )
    states = Counter(mark.freshness_at(now).value for mark in snapshot.marks)
    lines += _metric(
        "hladina_gauges", "Gauges by freshness", [(_of("freshness", f.value), states[f.value]) for f in Freshness]
    )
    degrees = Counter(mark.degree_reached for mark in snapshot.marks if mark.scheme == "spa")
    lines += _metric(
        "hladina_gauges_at_degree",
        "Gauges by Czech degree reached",
        [(_of("degree", str(d)), degrees[d]) for d in range(5)],
    )
    lines += _metric("hladina_streams", "Open event streams", [("", desk.streams)])
    if known is not None:
        lines += _depth_metrics(known)
        lines += _import_metrics(desk, known, now)
    opened = Counter(incident.scope for incident in snapshot.incidents)
    scopes = [(_of("scope", scope), opened[scope]) for scope in ("all", "operator", "transport", "clock")]
    lines += _metric("hladina_incidents", "Open incidents by scope", scopes)
    doubted = Counter(doubt.test for mark in snapshot.marks for doubt in mark.doubts)
    tests = [*doubting.TESTS, *sorted(doubted.keys() - set(doubting.TESTS))]
    lines += _metric(
        "hladina_doubts", "Open doubts between series by test", [(_of("test", t), doubted[t]) for t in tests]
    )
    faring = await wellbeingpage.read(desk)
    if faring is not None:
        lines += _faring_metrics(faring, now)
    return web.Response(
        text="\n".join(lines) + "\n", headers={"Content-Type": _PROMETHEUS, "Cache-Control": "no-store"}
    )


def _depth_metrics(known: Depth) -> list[str]:
    work = known.backlog
    waiting: list[tuple[str, float]] = [
        (_of("queue", "dirty"), work.dirty),
        (_of("queue", "aside"), work.aside),
        (_of("queue", "sms_announcements"), work.open_sms),
        (_of("queue", "cap_announcements"), work.open_cap),
        (_of("queue", "deliveries"), work.due_deliveries),
    ]
    return [
        *_metric("hladina_waiting", "Work that waits", waiting),
        *_metric(
            "hladina_source_readings_total",
            "Readings by source",
            [(_of("source", s.source), s.readings) for s in known.sources],
            "counter",
        ),
        *_metric(
            "hladina_source_quarantined_total",
            "Refused input by source",
            [(_of("source", s.source), s.quarantined) for s in known.sources],
            "counter",
        ),
        *_metric(
            "hladina_source_failures",
            "Failures since a source last worked",
            [(_of("source", s.source), s.failures) for s in known.sources],
        ),
    ]


def _import_metrics(desk: Desk, known: Depth, now: datetime) -> list[str]:
    imports = [(_of("source", s.source), (now - s.ok_at).total_seconds()) for s in known.sources if s.ok_at is not None]
    standings = desk.board.snapshot.standings
    ages = [(_of("source", s.source), (now - s.sent).total_seconds()) for s in standings if s.sent is not None]
    current = [(_of("source", s.source), float(isinstance(s.says(now), Bulletin))) for s in standings]
    return [
        *_metric("hladina_source_import_age_seconds", "Since a source last answered well", imports),
        *_metric("hladina_bulletin_age_seconds", "Since the issuer wrote the last bulletin of warnings", ages),
        *_metric("hladina_bulletin_current", "Whether it is known what a source warns of", current),
    ]


def _faring_metrics(faring: wellbeingpage.Wellbeing, now: datetime) -> list[str]:
    ages = [(_of("source", s.source), (now - s.newest_at).total_seconds()) for s in faring.sources]
    delays = [(_of("source", s.source), s.median_delay_s) for s in faring.sources]
    good = [(_of("source", s.source), s.good / s.readings) for s in faring.sources if s.readings]
    counted = (("open", faring.gaps.open), ("repaired", faring.gaps.repaired), ("given_up", faring.gaps.given_up))
    return [
        *_metric("hladina_source_age_seconds", "Since the newest reading of a source was taken", ages),
        *_metric("hladina_source_delay_seconds", "Median delay of the readings of a day", delays),
        *_metric("hladina_source_good_share", "Share of good readings of a day", good),
        *_metric(
            "hladina_gaps", "Gaps in the record, closed ones of a week", [(_of("state", n), c) for n, c in counted]
        ),
    ]


def _metric(
    name: str,
    text: str,
    samples: list[tuple[str, float | None]] | list[tuple[str, float]] | list[tuple[str, int]],
    kind: str = "gauge",
) -> list[str]:
    values = [f"{name}{labels} {value:g}" for labels, value in samples if value is not None]
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}", *values]


def _of(label: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{{{label}="{escaped}"}}'


async def status(desk: Desk, request: web.Request, language: Language) -> web.Response:
    """The same for people, with the age of everything."""
    snapshot = await desk.board.current()
    known = await depth(desk)
    faring = await wellbeingpage.read(desk)
    reader = desk.reader(language)
    rows = _stage_rows(desk, reader, known)
    states = Counter(mark.freshness_at(reader.now) for mark in snapshot.marks)
    runs = known is not None and known.backlog.aside == 0 and not any(row["bad"] for row in rows)
    fares = {} if faring is None else {each.source: each for each in faring.sources}
    sources = (
        [_source_row(s, reader) | source_words(reader, fares.get(s.source)) for s in known.sources] if known else []
    )
    unknown = {each.source: each.sentence for each in contextpage.of_region(desk, reader, snapshot) if not each.current}
    for row in sources:  # a server that answers with a bulletin of last week answers well and says nothing
        if row["name"] in unknown and not row["bad"]:
            row.update(bad=True, fault=unknown[str(row["name"])])
    partners = _partner_rows(desk, reader, known.partners) if known is not None else []
    whole = runs and not any(row["bad"] for row in [*sources, *partners])
    text = desk.render(
        "status.html",
        reader,
        here="status",
        rest="status",
        verdict="ok" if whole else "partly" if runs else "bad",
        stages=rows,
        backlog=known.backlog if known is not None else None,
        sources=sources,
        quarantine=[_quarantine_row(row, reader) for row in known.quarantine] if known is not None else [],
        partners=partners,
        doubts=doubting.listed(reader, snapshot.marks),
        freshness=[(reader.say(f"freshness.{each.value}"), states[each]) for each in Freshness],
    )
    return answers.page(request, text)


def _stage_rows(desk: Desk, reader: Reader, known: Depth | None) -> list[dict[str, object]]:
    own = stages(desk)
    names = {stage.name for stage in own}
    others = (
        [_from_pulse(pulse, desk) for pulse in known.pulses if pulse.stage not in names] if known is not None else []
    )
    return [
        {
            "name": stage.name,
            "age": reader.say("page.status.notyet") if stage.age_s is None else _age(reader, stage.age_s),
            "state": stage.broken or reader.say("page.status.silent" if stage.dead else "page.status.works"),
            "bad": stage.dead,
        }
        for stage in [*own, *others]
    ]


def _from_pulse(pulse: PulseView, desk: Desk) -> Stage:
    """A stage of another process. Its beat is data time, the writing real time; both grow old when it dies."""
    clock = desk.house.clock
    beaten = None if pulse.beaten_at is None else clock.real_seconds((clock.now() - pulse.beaten_at).total_seconds())
    return Stage(
        pulse.stage, None if beaten is None else max(beaten, pulse.written_age_s), pulse.failures, pulse.broken
    )


def _age(reader: Reader, seconds: float) -> str:
    if seconds >= 60:  # noqa: PLR2004  # a minute
        return duration(timedelta(seconds=seconds))
    text = f"{seconds:.1f}\N{NO-BREAK SPACE}s"
    return text if reader.language is Language.EN else text.replace(".", ",")


def _source_row(source: SourceView, reader: Reader) -> dict[str, object]:
    bad = bool(source.fault)
    return {
        "name": source.source,
        "last": reader.moment(source.ok_at),
        "fault": source.fault,
        "readings": source.readings,
        "refused": source.quarantined,
        "bad": bad,
    }


def _quarantine_row(row: QuarantineView, reader: Reader) -> dict[str, object]:
    return {"source": row.source, "refused": row.refused, "at": reader.moment(row.newest_at), "reason": row.reason}


def _partner_rows(desk: Desk, reader: Reader, fetches: list[PartnerView]) -> list[dict[str, object]]:
    last = {row.partner_id: row.last_at for row in fetches}
    rows = []
    for partner in sorted(desk.house.network.partners.values(), key=lambda partner: partner.id):
        seen: datetime | None = last.get(partner.id)
        listening = seen is not None and reader.now - seen <= partner.silence_after
        rows.append(
            {
                "name": partner.names.of(reader.language),
                "last": reader.moment(seen),
                "state": reader.say("page.status.listening" if listening else "page.status.notlistening"),
                "bad": not listening,
            }
        )
    return rows
