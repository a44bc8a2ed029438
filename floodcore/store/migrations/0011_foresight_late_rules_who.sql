-- What is known late moves forecasts, what was expected in an outage is told if it still stands, and rules say who
-- changed them.

-- An expectation that could not be told in time waits for a forecast of now (ADR 0023).
ALTER TABLE announcement ADD COLUMN wait_until timestamptz;

-- The newest delivery folded into the forecast: one that is newer and lies before foreseen_until came late.
-- An upgraded house begins with the next one.
ALTER TABLE foresight ADD COLUMN foreseen_delivery bigint NOT NULL DEFAULT 0;
UPDATE foresight f SET foreseen_delivery = st.judged_delivery FROM series_state st WHERE st.series_id = f.series_id;

-- Beside which rules a series is judged by from when on: since when they were to hold, where the limits come from, who
-- changed them and why. Empty is not known: what was before, or what the station files do not say.
ALTER TABLE rule_use ADD COLUMN valid_from timestamptz;
ALTER TABLE rule_use ADD COLUMN source text NOT NULL DEFAULT '';
ALTER TABLE rule_use ADD COLUMN author text NOT NULL DEFAULT '';
ALTER TABLE rule_use ADD COLUMN reason text NOT NULL DEFAULT '';
ALTER TABLE rule_use ADD COLUMN recorded_at timestamptz;
