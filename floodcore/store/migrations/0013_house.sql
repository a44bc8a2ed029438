-- What tells this house from another one on the same broker.

-- One row. mqtt_client is the name under which the broker keeps our session, and in it what was not acknowledged; it goes
-- with the database into a backup and out of it again. A house that has listened before keeps its old name, for its
-- session waits under that.
CREATE TABLE house (
    the_one     boolean PRIMARY KEY DEFAULT true CHECK (the_one),
    mqtt_client text NOT NULL
);
INSERT INTO house (mqtt_client)
SELECT CASE WHEN EXISTS (SELECT 1 FROM source_health WHERE source = 'mqtt') THEN 'hladina-collector'
            ELSE 'hladina-' || left(replace(gen_random_uuid()::text, '-', ''), 12) END;
