-- What one series looks like beside its neighbours. A doubt changes no degree; it says that the mark may mislead.
-- Append-only: a doubt that goes on is written again, with the same since and a later until; the newest stands.
-- until is data time up to which the doubt holds unless it is written again; evidence are the numbers of its text.
CREATE TABLE doubt (
    doubt_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    series_id   integer NOT NULL REFERENCES series,
    test        text NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz NOT NULL,
    text        text NOT NULL,
    evidence    jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX doubt_open ON doubt (until DESC);
CREATE INDEX doubt_series ON doubt (series_id, test, doubt_id DESC);

CREATE TRIGGER doubt_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON doubt
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
