-- Rises believed with reservation: the degree is raised at once, residents are told when it is proved (ADR 0020).

-- What residents knew and know by an event of kind 'reached', and why not all of it (doubt: leap, unit, wreck). Null:
-- all of it. Of kind 'proved' from_degree and to_degree are what residents knew and know, reason is what proved it.
ALTER TABLE event ADD COLUMN firm_from smallint;
ALTER TABLE event ADD COLUMN firm_to smallint;
ALTER TABLE event ADD COLUMN doubt text NOT NULL DEFAULT '';

-- The proved degree where it is not the one reached, and why; null where all is proved.
ALTER TABLE series_state ADD COLUMN firm smallint;
ALTER TABLE series_state ADD COLUMN doubt text NOT NULL DEFAULT '';
CREATE INDEX series_state_unproved ON series_state (series_id) WHERE firm IS NOT NULL;

-- Others answer for a rise: people, a gauge beside it, the rain. An input of the engine like an observation: its place
-- is after the sample of `at` in the batch `delivery`, so that judging again tells the same. Append-only.
CREATE TABLE vouch (
    series_id   integer NOT NULL REFERENCES series,
    delivery    bigint NOT NULL,
    at          timestamptz NOT NULL,
    reason      text NOT NULL,
    author      text NOT NULL DEFAULT '',
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (series_id, delivery, at)
);
CREATE TRIGGER vouch_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON vouch
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
