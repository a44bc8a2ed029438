-- What people know of a gauge and the gauge does not say: works, a release, ice, a destroyed gauge.

-- cause as in floodcore.words.Cause. Holds from valid_from until valid_until (null: until it is ended), in data
-- time. texts: language to text, at least one. Append-only: a note is ended or corrected by a newer row that
-- names it in `replaces`, and then holds no more.
CREATE TABLE note (
    note_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_id  text NOT NULL,
    cause       text NOT NULL,
    valid_from  timestamptz NOT NULL,
    valid_until timestamptz,
    author      text NOT NULL,
    texts       jsonb NOT NULL,
    replaces    bigint UNIQUE REFERENCES note,
    recorded_at timestamptz NOT NULL,
    CHECK (valid_until IS NULL OR valid_until >= valid_from)
);
CREATE INDEX note_station ON note (station_id, note_id DESC);
CREATE TRIGGER note_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON note
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
