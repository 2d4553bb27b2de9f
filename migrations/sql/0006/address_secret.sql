-- What the digests of addresses are keyed with, one secret for each hour, drawn by whichever
-- worker comes first. Unlogged like the counts: neither reaches a base backup.
CREATE UNLOGGED TABLE address_secret (
    hour timestamptz NOT NULL,
    secret bytea NOT NULL,
    CONSTRAINT address_secret_pkey PRIMARY KEY (hour)
);
-- Digests without a key could be undone by trying all addresses.
DELETE FROM address_count;
