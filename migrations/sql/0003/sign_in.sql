-- An agent signed in to the pages, by the digest of the secret in the cookie.
CREATE TABLE page_session (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT page_session_pkey PRIMARY KEY,
    secret_hash bytea NOT NULL CONSTRAINT page_session_secret_hash_key UNIQUE,
    api_token_id bigint NOT NULL
        CONSTRAINT page_session_api_token_id_fkey REFERENCES api_token ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX page_session_api_token_id_idx ON page_session (api_token_id);
