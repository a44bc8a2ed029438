-- What comes late beside a gauge moves its forecast at once, and forecasts can be judged again (ADR 0029).

-- Series without degrees that a forecast looks at: gauges above without limits, rain gauges it learnt with. They are
-- marked too, so that what comes late of them is looked at at once. Only ever added to.
CREATE TABLE foresight_beside (series_id integer PRIMARY KEY);

CREATE OR REPLACE FUNCTION mark_foresight() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO foresight_mark (series_id)
    SELECT series_id FROM judged
    WHERE degree IS NOT NULL OR EXISTS (SELECT FROM foresight_beside b WHERE b.series_id = judged.series_id)
    ORDER BY series_id;
    RETURN NULL;
END $$;

-- By what a series is foreseen: the forecast, what the station learnt, the rules of the gauges looked at; as a hash.
-- Empty: before there was this table.
ALTER TABLE foresight ADD COLUMN made_by text NOT NULL DEFAULT '';

-- What a forecast saw, where that does not follow from the observations alone: up to `until` it was foreseen with what
-- had come by `delivery` here and by `seen` (series, delivery) beside. Then something that had come late was found,
-- and one round up to `again_until` decided anew with what had come by `again_delivery` and `again_seen`; or
-- (`again_until` null) another forecast or other rules took over from `memory`. An input like `vouch`. Append-only.
CREATE TABLE foresight_look (
    series_id   integer NOT NULL REFERENCES series,
    look        integer NOT NULL,
    until       timestamptz NOT NULL,
    delivery    bigint NOT NULL,
    seen        jsonb NOT NULL,
    again_until timestamptz,
    again_delivery bigint,
    again_seen  jsonb,
    memory      jsonb,
    PRIMARY KEY (series_id, look)
);
CREATE TRIGGER foresight_look_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON foresight_look
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
