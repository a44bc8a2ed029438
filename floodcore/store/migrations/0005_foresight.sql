-- Expected degrees: what the forecast made of each series, and what people were told of it.

-- "This series was judged and may have something to foresee." Only ever added to, so that the engine
-- waits for nobody: the stage that foresees takes rows away and looks at the series itself for the truth.
CREATE TABLE foresight_mark (
    mark_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    series_id   integer NOT NULL
);

CREATE FUNCTION mark_foresight() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO foresight_mark (series_id) SELECT series_id FROM judged WHERE degree IS NOT NULL ORDER BY series_id;
    RETURN NULL;
END $$;
CREATE TRIGGER foresight_marked_new AFTER INSERT ON series_state
    REFERENCING NEW TABLE AS judged FOR EACH STATEMENT EXECUTE FUNCTION mark_foresight();
CREATE TRIGGER foresight_marked_again AFTER UPDATE ON series_state
    REFERENCING NEW TABLE AS judged FOR EACH STATEMENT EXECUTE FUNCTION mark_foresight();

-- Derived, like series_state. foreseen_until is the time of the newest sample folded in, issued_at that of the
-- newest forecast; memory is the decision's and what people were told, outlook the newest probabilities.
-- degree is the expected one people were told of, null while none is.
CREATE TABLE foresight (
    series_id   integer PRIMARY KEY REFERENCES series,
    foreseen_until timestamptz,
    issued_at   timestamptz,
    model       text NOT NULL DEFAULT '',
    memory      jsonb,
    outlook     jsonb,
    degree      smallint,
    updated_at  timestamptz
);
-- A house that is upgraded begins with the next sample: it must not claim afterwards what it never expected.
INSERT INTO foresight (series_id, foreseen_until) SELECT series_id, judged_until FROM series_state;

-- What an event of kind 'expected' said beside its degrees: the probability within horizon_min minutes of
-- reaching the limit, when (median and the middle four fifths), and by which model. Append-only as the event.
CREATE TABLE expectation (
    event_id    bigint PRIMARY KEY REFERENCES event,
    probability double precision,
    horizon_min smallint,
    expected_at timestamptz,
    earliest_at timestamptz,
    latest_at   timestamptz,
    model       text NOT NULL
);
CREATE TRIGGER expectation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON expectation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- From which expected degree and probability on a resident is told; officers are told from the first warning.
ALTER TABLE recipient ADD COLUMN expected_from_degree smallint NOT NULL DEFAULT 2;
ALTER TABLE recipient ADD COLUMN expected_probability double precision NOT NULL DEFAULT 0.8;
