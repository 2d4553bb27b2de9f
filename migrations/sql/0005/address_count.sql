-- How often an address asked for something in a minute that began with its first request,
-- one count for all workers.
-- Unlogged: a count that is lost in a crash is no loss, and a commit waits for no disk.
CREATE UNLOGGED TABLE address_count (
    what text NOT NULL,
    address_digest bytea NOT NULL,
    since timestamptz NOT NULL,
    requests integer NOT NULL,
    CONSTRAINT address_count_pkey PRIMARY KEY (what, address_digest)
);
CREATE INDEX address_count_since_idx ON address_count (since);
