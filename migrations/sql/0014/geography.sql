-- The release that the service was started with and could not load, while it serves the former.
CREATE TABLE geography_refusal (
    -- squawk-ignore prefer-bigint-over-smallint
    id smallint NOT NULL DEFAULT 1 CONSTRAINT geography_refusal_pkey PRIMARY KEY
        CONSTRAINT geography_refusal_id_check CHECK (id = 1),
    reference_date date NOT NULL,
    content_hash text NOT NULL,
    reason text NOT NULL,
    refused_at timestamptz NOT NULL DEFAULT now()
);
