-- Degrees by the sum of the rain (ADR 0022): what an event of rain is about, and the sums as last judged.

-- Beside an event of rain: over how long was summed, whether by the limits of saturated ground, and whether
-- residents are told too.
CREATE TABLE event_rain (
    event_id    bigint PRIMARY KEY REFERENCES event,
    window_min  integer NOT NULL,
    saturated   boolean NOT NULL,
    scheme      text NOT NULL,
    residents   boolean NOT NULL
);

-- Of each series with limits of rain: the sums of its windows at its newest believed reading. most_mm is NULL where a
-- gap forbids an upper bound; saturated NULL where the days before are not known well enough to say no.
CREATE TABLE rain_sum (
    series_id   integer NOT NULL REFERENCES series,
    window_min  integer NOT NULL,
    at          timestamptz NOT NULL,
    heard_mm    double precision NOT NULL,
    most_mm     double precision,
    saturated   boolean,
    PRIMARY KEY (series_id, window_min)
);
