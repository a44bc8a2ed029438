-- A mark is cleared only if it is the one the engine saw: every writer counts it up.
ALTER TABLE dirty ADD COLUMN renewed bigint NOT NULL DEFAULT 0;
