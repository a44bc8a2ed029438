-- Samples that come late are judged from where they belong: the order of arrival, and where to start again.

-- Each batch of a series that counts for its degrees has a number; 0 is what only the record keeps
-- (history out of a device's memory, or later than the engine looks back).
-- Where the full TimescaleDB has compressed what is old, all of it may be touched.
SET LOCAL timescaledb.max_tuples_decompressed_per_dml_transaction = 0;

ALTER TABLE tip ADD COLUMN deliveries bigint NOT NULL DEFAULT 0;
ALTER TABLE observation ADD COLUMN delivery bigint NOT NULL DEFAULT 1;
UPDATE observation SET delivery = 0 WHERE late;
UPDATE tip SET deliveries = 1;

-- A count is never used twice: one engine may have seen a mark that another has cleared since.
CREATE SEQUENCE dirty_renewed;
ALTER TABLE dirty ALTER COLUMN renewed SET DEFAULT nextval('dirty_renewed');
UPDATE dirty SET renewed = nextval('dirty_renewed');

-- Whether the mark stands for samples that belong before what was judged.
ALTER TABLE dirty ADD COLUMN late boolean NOT NULL DEFAULT false;

ALTER TABLE series_state ADD COLUMN judged_delivery bigint NOT NULL DEFAULT 1;
ALTER TABLE rule_use ADD COLUMN delivery bigint NOT NULL DEFAULT 1;
ALTER TABLE rule_use DROP CONSTRAINT rule_use_pkey, ADD PRIMARY KEY (series_id, delivery, since);

-- The standing before the first sample of an hour.
CREATE TABLE checkpoint (
    series_id   integer NOT NULL REFERENCES series,
    before      timestamptz NOT NULL,
    standing    jsonb NOT NULL,
    PRIMARY KEY (series_id, before)
);
