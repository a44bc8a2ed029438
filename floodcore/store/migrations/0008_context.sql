-- Context: what others say about the danger. Shown with its age; no degree follows from it.

-- The newest complete state of the warnings of each source, and how the last try to get it ended.
-- state: 'told' (the bulletin is what the source said last), 'empty' (it answered with nothing),
-- 'failed' (no usable answer). A told bulletin without warnings is the word "no warning".
CREATE TABLE bulletin (
    source      text PRIMARY KEY,
    identifier  text,
    sent        timestamptz,
    warnings    jsonb,
    told_at     timestamptz,
    state       text NOT NULL,
    fault       text NOT NULL DEFAULT '',
    tried_at    timestamptz NOT NULL
);

-- Flood classes other services give to gauges, on their own scale, never a level. grade null: no data.
CREATE TABLE gauge_class (
    source      text NOT NULL,
    station_id  text NOT NULL,
    at          timestamptz NOT NULL,
    grade       smallint,
    name        text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (source, station_id)
);
