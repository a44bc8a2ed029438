-- The counters of rain buckets, and what people and loggers send as text.

-- The last count of each bucket; moves only with the rain made of it, in one transaction.
CREATE TABLE counter (
    counter     text PRIMARY KEY,
    at          timestamptz NOT NULL,
    total       bigint NOT NULL
);

-- Texts that came in, for the collectors to read: loggers and flood patrols. Kept by whoever receives
-- them (the hook of the gateway, the page of the patrols); each is read once. channel: sms or page.
-- sender is a telephone number or the name of a person; message is the gateway's id, once each.
-- outcome is what became of it, empty while it waits; readings how many it gave.
CREATE TABLE inbound_text (
    text_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel     text NOT NULL,
    message     text NOT NULL,
    sender      text NOT NULL,
    body        text NOT NULL,
    received_at timestamptz NOT NULL,
    read_at     timestamptz,
    outcome     text NOT NULL DEFAULT '',
    readings    integer NOT NULL DEFAULT 0,
    UNIQUE (channel, message)
);
CREATE INDEX inbound_text_waiting ON inbound_text (text_id) WHERE read_at IS NULL;
