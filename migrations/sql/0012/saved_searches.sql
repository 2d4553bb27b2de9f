-- What a member asks for again and again. Of whom a search is goes with the person.
CREATE TABLE saved_search (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT saved_search_pkey PRIMARY KEY,
    person_id bigint NOT NULL
        CONSTRAINT saved_search_person_id_fkey REFERENCES person ON DELETE CASCADE,
    name text NOT NULL CONSTRAINT saved_search_name_check
        CHECK (btrim(name) <> '' AND length(name) <= 200),
    -- As the address of the page has it.
    query text NOT NULL CONSTRAINT saved_search_query_check CHECK (length(query) <= 2000),
    -- The CPTS that matched when it was last looked at.
    matched bigint[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    looked_at_on date NOT NULL DEFAULT CAST(now() AT TIME ZONE 'Europe/Paris' AS date),
    -- No mail while it is set.
    paused_at timestamptz,
    CONSTRAINT saved_search_person_id_name_key UNIQUE (person_id, name)
);

-- What one click in a mail stops a search by, each mail its own, by the digest of its secret.
CREATE TABLE saved_search_stop (
    secret_hash bytea NOT NULL CONSTRAINT saved_search_stop_pkey PRIMARY KEY,
    saved_search_id bigint NOT NULL
        CONSTRAINT saved_search_stop_saved_search_id_fkey REFERENCES saved_search ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX saved_search_stop_saved_search_id_idx ON saved_search_stop (saved_search_id);
