-- Numbers of texts that are over are masked after a season (floodcore.store.retention): whole ones begin with a plus.
CREATE INDEX delivery_numbers ON delivery (valid_until) WHERE phone LIKE '+%' AND status NOT IN ('due', 'sending');
