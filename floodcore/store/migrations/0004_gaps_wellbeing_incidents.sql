-- What is missing and how it was completed; how devices and ways fare; what went wrong for many at once.

-- How far the readings of a series have been searched for gaps.
CREATE TABLE gap_watch (
    series_id   integer PRIMARY KEY REFERENCES series,
    searched_until timestamptz NOT NULL
);

-- A hole between two stored readings of a series: after_at and before_at are theirs. expected is how many
-- readings the interval of the series would have put between them, found how many lie there by now.
-- state: open, repaired (nothing is missing any more), given_up (the source has no way back, or no longer).
-- next_at is when the way back may be asked again, in data time.
CREATE TABLE gap (
    series_id   integer NOT NULL REFERENCES series,
    after_at    timestamptz NOT NULL,
    before_at   timestamptz NOT NULL,
    expected    integer NOT NULL,
    found       integer NOT NULL DEFAULT 0,
    state       text NOT NULL DEFAULT 'open',
    tries       integer NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL,
    fault       text NOT NULL DEFAULT '',
    noticed_at  timestamptz NOT NULL,
    closed_at   timestamptz,
    PRIMARY KEY (series_id, after_at)
);
CREATE INDEX gap_open ON gap (next_at) WHERE state = 'open';
CREATE INDEX gap_closed ON gap (series_id, closed_at DESC) WHERE state <> 'open';

-- The newest word of a device about itself; what it did not say stays as it said last.
CREATE TABLE wellbeing (
    station_id  text NOT NULL,
    device      text NOT NULL,
    source      text NOT NULL,
    at          timestamptz NOT NULL,
    rssi_dbm    double precision,
    snr_db      double precision,
    battery_v   double precision,
    battery_percent double precision,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (station_id, device)
);

-- By how much the newest refused stamp of a station was ahead of our clock: one station's clock is wrong, or ours.
CREATE TABLE ahead (
    station_id  text PRIMARY KEY,
    source      text NOT NULL,
    ahead_s     double precision NOT NULL,
    at          timestamptz NOT NULL
);

-- Worked out now and then from observation and verdict: the last 24 hours of a series. usual_delay_s is the
-- delay a fifth of the readings keep below: what the way takes when nothing is wrong.
CREATE TABLE series_health (
    series_id   integer PRIMARY KEY REFERENCES series,
    source      text NOT NULL,
    readings    integer NOT NULL,
    good        integer NOT NULL,
    median_delay_s double precision,
    usual_delay_s double precision,
    measured_at timestamptz NOT NULL
);

-- What went wrong for many at once, told once. scope: transport, operator, all (silence of many), clock (our
-- own clock is wrong; name slow or fast). silent of gauges at its beginning, worst the highest Czech degree
-- among them. For a clock, silent is the number of stations that say so and value the minutes.
CREATE TABLE incident (
    incident_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope       text NOT NULL,
    name        text NOT NULL,
    at          timestamptz NOT NULL,
    silent      integer NOT NULL,
    gauges      integer NOT NULL,
    worst       smallint NOT NULL,
    value       double precision,
    ended_at    timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX incident_open ON incident (scope, name) WHERE ended_at IS NULL;
CREATE INDEX incident_newest ON incident (at DESC);

-- The stations of an incident of silence; heard_at when one spoke again.
CREATE TABLE incident_member (
    incident_id bigint NOT NULL REFERENCES incident,
    station_id  text NOT NULL,
    joined_at   timestamptz NOT NULL,
    heard_at    timestamptz,
    PRIMARY KEY (incident_id, station_id)
);
CREATE INDEX incident_member_station ON incident_member (station_id);
