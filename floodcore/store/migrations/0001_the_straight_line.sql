-- The straight line: readings in, degrees judged, people told. One transaction per step.
-- observation is partitioned or made a hypertable afterwards, by floodcore.store.modes.

CREATE TABLE series (
    series_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_id  text NOT NULL,
    quantity    text NOT NULL,
    unit        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (station_id, quantity)
);

-- Immutable: the first value for (series, time) stands; a different later one goes to contradiction.
-- late: an already committed reading of the series is newer. Decided once, under the lock of the
-- series' mark, so that judging live and judging again from the store see the same sequence.
CREATE TABLE observation (
    series_id   integer NOT NULL,
    observed_at timestamptz NOT NULL,
    value       double precision,
    raw_value   double precision,
    raw_unit    text NOT NULL,
    flag        smallint NOT NULL,
    test        text NOT NULL,
    late        boolean NOT NULL,
    source      text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (series_id, observed_at)
);

CREATE TABLE contradiction (
    series_id   integer NOT NULL,
    observed_at timestamptz NOT NULL,
    stored      double precision,
    offered     double precision,
    source      text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (series_id, observed_at, received_at)
);

-- Work for the engine: at most one row per series, whatever the backlog.
CREATE TABLE dirty (
    series_id   integer PRIMARY KEY REFERENCES series,
    marked_at   timestamptz NOT NULL
);

-- Series the engine failed to judge, and why, until it can. Their marks stay; they are tried again by
-- themselves, so that they hold up nobody else.
CREATE TABLE aside (
    series_id   integer PRIMARY KEY REFERENCES series,
    reason      text NOT NULL,
    failures    integer NOT NULL DEFAULT 1,
    since       timestamptz NOT NULL DEFAULT now(),
    tried_at    timestamptz NOT NULL DEFAULT now()
);

-- The newest observed_at of a series; its row lock orders the writers of one series.
CREATE TABLE tip (
    series_id   integer PRIMARY KEY REFERENCES series,
    newest_at   timestamptz NOT NULL
);

CREATE TABLE quarantine (
    quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL,
    origin      text NOT NULL,
    reason      text NOT NULL,
    payload     bytea NOT NULL,
    payload_size integer NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE INDEX quarantine_received ON quarantine (received_at DESC);

-- What a polled source remembers between polls; moves only with the readings, in one transaction.
CREATE TABLE source_cursor (
    source      text NOT NULL,
    item        text NOT NULL,
    etag        text NOT NULL DEFAULT '',
    last_modified text NOT NULL DEFAULT '',
    newest_at   timestamptz,
    PRIMARY KEY (source, item)
);

CREATE TABLE source_health (
    source      text PRIMARY KEY,
    ok_at       timestamptz,
    failed_at   timestamptz,
    fault       text NOT NULL DEFAULT '',
    failures    integer NOT NULL DEFAULT 0,
    readings    bigint NOT NULL DEFAULT 0,
    quarantined bigint NOT NULL DEFAULT 0
);

-- Signs of life of every process, for /health and /status of whichever process is asked.
CREATE TABLE stage_pulse (
    process     text NOT NULL,
    stage       text NOT NULL,
    beaten_at   timestamptz,
    failures    integer NOT NULL,
    broken      text NOT NULL,
    written_at  timestamptz NOT NULL,
    PRIMARY KEY (process, stage)
);

CREATE TABLE rule_version (
    rule_version text PRIMARY KEY,
    rules       jsonb NOT NULL,
    first_used_at timestamptz NOT NULL
);

-- From which sample on a series was judged by which rules; replay needs it to judge the same again.
CREATE TABLE rule_use (
    series_id   integer NOT NULL REFERENCES series,
    since       timestamptz NOT NULL,
    rule_version text NOT NULL REFERENCES rule_version,
    PRIMARY KEY (series_id, since)
);

-- Derived: can be thrown away and rebuilt from observation and rule_use.
CREATE TABLE series_state (
    series_id   integer PRIMARY KEY REFERENCES series,
    rule_version text NOT NULL REFERENCES rule_version,
    judged_until timestamptz NOT NULL,
    lifecycle   jsonb NOT NULL,
    degree      smallint,
    value       double precision,
    observed_at timestamptz,
    trend       text NOT NULL,
    trend_per_hour double precision,
    flag        smallint NOT NULL,
    test        text NOT NULL,
    updated_at  timestamptz NOT NULL
);

-- Verdicts of the checks that need neighbours in time; only what is not good has a row.
CREATE TABLE verdict (
    series_id   integer NOT NULL,
    observed_at timestamptz NOT NULL,
    flag        smallint NOT NULL,
    test        text NOT NULL,
    PRIMARY KEY (series_id, observed_at)
);

-- Append-only. kind: reached (machine), declared (authority), silence (machine).
CREATE TABLE event (
    event_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    series_id   integer REFERENCES series,
    station_id  text NOT NULL,
    quantity    text NOT NULL,
    kind        text NOT NULL,
    at          timestamptz NOT NULL,
    from_degree smallint NOT NULL,
    to_degree   smallint NOT NULL,
    reason      text NOT NULL,
    value       double precision,
    unit        text NOT NULL,
    limit_value double precision,
    trend       text NOT NULL,
    trend_per_hour double precision,
    chain       text NOT NULL,
    rule_version text NOT NULL,
    author      text NOT NULL DEFAULT '',
    exercise    boolean NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (station_id, quantity, kind, at, to_degree)
);
CREATE INDEX event_newest ON event (at DESC, event_id DESC);
CREATE INDEX event_chain ON event (chain, event_id);

-- Intent to tell an audience of one event: sms (residents and duty officers) or cap (partners).
CREATE TABLE announcement (
    event_id    bigint NOT NULL REFERENCES event,
    channel     text NOT NULL,
    priority    smallint NOT NULL,
    valid_until timestamptz NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    done_at     timestamptz,
    PRIMARY KEY (event_id, channel)
);
CREATE INDEX announcement_open ON announcement (channel, priority DESC, event_id) WHERE done_at IS NULL;

CREATE TABLE recipient (
    recipient_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    phone       text NOT NULL UNIQUE,
    language    text NOT NULL,
    role        text NOT NULL,
    from_degree smallint NOT NULL DEFAULT 1,
    active      boolean NOT NULL DEFAULT true,
    blocked     text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE subscription (
    recipient_id bigint NOT NULL REFERENCES recipient ON DELETE CASCADE,
    station_id  text NOT NULL,
    PRIMARY KEY (recipient_id, station_id)
);

-- One text for one recipient about one event. status: due, sending (intent committed), accepted,
-- sent, delivered, undelivered, failed, expired. attempt counts intents; ambiguous marks an intent
-- whose outcome is unknown and must be reconciled with the gateway before any retry. due_at,
-- claimed_until and posted_at are time of the machine, valid_until is time of the data. posted_at is
-- the last moment at which the current attempt may have left. superseded: a newer event of the same
-- series has a text for this recipient, so this one is not tried again. A gateway_sid is not unique
-- here: a gateway that repeats itself must not stop the others' texts.
CREATE TABLE delivery (
    delivery_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id    bigint NOT NULL REFERENCES event,
    recipient_id bigint NOT NULL,
    phone       text NOT NULL,
    body        text NOT NULL,
    segments    smallint NOT NULL,
    token       text NOT NULL UNIQUE,
    priority    smallint NOT NULL,
    status      text NOT NULL DEFAULT 'due',
    attempt     smallint NOT NULL DEFAULT 0,
    ambiguous   boolean NOT NULL DEFAULT false,
    maybe_duplicate boolean NOT NULL DEFAULT false,
    superseded  boolean NOT NULL DEFAULT false,
    due_at      timestamptz NOT NULL DEFAULT now(),
    claimed_until timestamptz,
    valid_until timestamptz NOT NULL,
    gateway_sid text,
    error_code  text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    posted_at   timestamptz,
    accepted_at timestamptz,
    final_at    timestamptz,
    UNIQUE (event_id, recipient_id)
);
CREATE INDEX delivery_due ON delivery (priority DESC, due_at) WHERE status = 'due';
CREATE INDEX delivery_sending ON delivery (claimed_until) WHERE status = 'sending';
CREATE INDEX delivery_sid ON delivery (gateway_sid) WHERE gateway_sid IS NOT NULL;

-- What the gateway told us about a message, each word once; status 'inbound' is a text from a phone.
-- delivery_id is null for a message that is not ours.
CREATE TABLE receipt (
    gateway_sid text NOT NULL,
    status      text NOT NULL,
    error_code  text NOT NULL DEFAULT '',
    delivery_id bigint,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (gateway_sid, status)
);
CREATE INDEX receipt_delivery ON receipt (delivery_id);

-- Rendered once, stored, served byte for byte. revision 0 tells the event; later ones say that its
-- degree still holds. reference is the triple sender,identifier,sent by which later messages name this one.
CREATE TABLE cap_message (
    cap_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    identifier  text NOT NULL UNIQUE,
    event_id    bigint NOT NULL REFERENCES event,
    revision    smallint NOT NULL DEFAULT 0,
    chain       text NOT NULL,
    sent        timestamptz NOT NULL,
    expires     timestamptz NOT NULL,
    reference   text NOT NULL,
    msg_type    text NOT NULL,
    status      text NOT NULL,
    headline_cs text NOT NULL,
    headline_de text NOT NULL,
    all_clear   boolean NOT NULL,
    body        bytea NOT NULL,
    sha256      bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (event_id, revision),
    UNIQUE (chain, sent)
);
CREATE INDEX cap_message_chain ON cap_message (chain, cap_id);
CREATE INDEX cap_message_expires ON cap_message (expires);

CREATE TABLE partner_fetch (
    partner_id  text NOT NULL,
    path        text NOT NULL,
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    fetches     bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (partner_id, path)
);

-- Append-only and chained: hash = sha256(previous hash || canonical entry).
CREATE TABLE flood_book (
    number      bigint PRIMARY KEY,
    at          timestamptz NOT NULL,
    kind        text NOT NULL,
    event_id    bigint REFERENCES event,
    entry       jsonb NOT NULL,
    previous    bytea NOT NULL,
    hash        bytea NOT NULL,
    recorded_at timestamptz NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER flood_book_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON flood_book
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER cap_message_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON cap_message
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
