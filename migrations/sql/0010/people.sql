-- Somebody with an account. What the registry keeps of their acts hangs on their identity, a row
-- of api_token that opens nothing, so that erasing the person leaves the history without a name.
CREATE TABLE person (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT person_pkey PRIMARY KEY,
    identity_id bigint NOT NULL CONSTRAINT person_identity_id_key UNIQUE,
    -- In lower case: one mailbox, one account.
    email text NOT NULL CONSTRAINT person_email_key UNIQUE
        CONSTRAINT person_email_check CHECK (email = lower(email)),
    name text NOT NULL DEFAULT '',
    password_hash text,
    role text NOT NULL CONSTRAINT person_role_check
        CHECK (role IN ('member', 'editor', 'ars', 'assurance_maladie', 'urps', 'admin')),
    region_code text CONSTRAINT person_region_code_fkey REFERENCES region,
    cpts_id bigint,
    -- How we came to know this person.
    origin text NOT NULL DEFAULT 'invitation' CONSTRAINT person_origin_check
        CHECK (origin IN ('invitation', 'demonstration')),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- The invitation was accepted.
    confirmed_at timestamptz,
    suspended_at timestamptz,
    -- To the day: what is kept of somebody's coming and going is no more than retention needs.
    last_seen_on date,
    totp_secret text,
    -- Null until a first code has shown that the secret arrived.
    totp_confirmed_at timestamptz,
    -- The last code that was taken, as the number of its interval: none is taken twice.
    totp_interval bigint,
    oidc_issuer text,
    oidc_subject text,
    CONSTRAINT person_oidc_issuer_oidc_subject_key UNIQUE (oidc_issuer, oidc_subject),
    CONSTRAINT person_oidc_check CHECK ((oidc_issuer IS NULL) = (oidc_subject IS NULL)),
    CONSTRAINT person_region_check
        CHECK (role NOT IN ('ars', 'assurance_maladie', 'urps') OR region_code IS NOT NULL)
);
ALTER TABLE person
    ADD CONSTRAINT person_cpts_id_fkey FOREIGN KEY (cpts_id) REFERENCES cpts ON DELETE SET NULL;
CREATE INDEX person_cpts_id_idx ON person (cpts_id);

-- A token is a machine's, or a person's and then has the rights of the person; an identity is
-- what a person's acts are recorded under.
ALTER TABLE api_token
    ADD COLUMN kind text NOT NULL DEFAULT 'machine',
    ADD COLUMN person_id bigint,
    ADD COLUMN expires_at timestamptz NOT NULL DEFAULT now() + interval '1 year',
    ADD COLUMN last_used_on date,
    -- squawk-ignore ban-drop-not-null
    ALTER COLUMN token_hash DROP NOT NULL,
    -- squawk-ignore ban-drop-not-null
    ALTER COLUMN role DROP NOT NULL;
ALTER TABLE api_token
    ADD CONSTRAINT api_token_kind_check CHECK (
        CASE kind WHEN 'machine' THEN token_hash IS NOT NULL AND role IS NOT NULL AND person_id IS NULL
                  WHEN 'person' THEN token_hash IS NOT NULL AND role IS NULL
                  WHEN 'identity' THEN token_hash IS NULL AND role IS NULL AND person_id IS NULL
                  ELSE false END),
    ADD CONSTRAINT api_token_person_id_fkey
        FOREIGN KEY (person_id) REFERENCES person ON DELETE SET NULL;
CREATE INDEX api_token_person_id_idx ON api_token (person_id);
-- squawk-ignore ban-drop-constraint
ALTER TABLE api_token DROP CONSTRAINT api_token_role_check;
ALTER TABLE api_token ADD CONSTRAINT api_token_role_check
    CHECK (role IN ('member', 'editor', 'ars', 'assurance_maladie', 'urps', 'admin'));
-- squawk-ignore ban-drop-constraint
ALTER TABLE api_token DROP CONSTRAINT api_token_agent_region_check;
ALTER TABLE api_token ADD CONSTRAINT api_token_agent_region_check
    CHECK (role NOT IN ('ars', 'assurance_maladie', 'urps') OR region_code IS NOT NULL);
ALTER TABLE person
    ADD CONSTRAINT person_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES api_token;

-- A session of the pages is a token's, or a person's.
ALTER TABLE page_session
    -- squawk-ignore ban-drop-not-null
    ALTER COLUMN api_token_id DROP NOT NULL,
    ADD COLUMN person_id bigint,
    ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT now(),
    -- Such as "Firefox, Linux": no more than lets somebody know it again.
    ADD COLUMN browser text NOT NULL DEFAULT '',
    -- Opens nothing until the second factor is given.
    ADD COLUMN awaits_second_factor boolean NOT NULL DEFAULT false,
    -- What the provider of an identity asks for when the session ends.
    ADD COLUMN oidc_id_token text;
ALTER TABLE page_session
    ADD CONSTRAINT page_session_holder_check CHECK (num_nonnulls(api_token_id, person_id) = 1),
    ADD CONSTRAINT page_session_person_id_fkey
        FOREIGN KEY (person_id) REFERENCES person ON DELETE CASCADE;
CREATE INDEX page_session_person_id_idx ON page_session (person_id);

-- Links in mails, by the digest of their secret: used once, and not after their time.
CREATE TABLE person_link (
    secret_hash bytea NOT NULL CONSTRAINT person_link_pkey PRIMARY KEY,
    purpose text NOT NULL CONSTRAINT person_link_purpose_check
        CHECK (purpose IN ('invitation', 'password', 'address')),
    person_id bigint NOT NULL
        CONSTRAINT person_link_person_id_fkey REFERENCES person ON DELETE CASCADE,
    -- The address to be confirmed.
    email text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT person_link_email_check CHECK ((purpose = 'address') = (email IS NOT NULL))
);
CREATE INDEX person_link_person_id_idx ON person_link (person_id);

-- What stands in for a lost second factor; each is deleted as it is used.
CREATE TABLE recovery_code (
    person_id bigint NOT NULL
        CONSTRAINT recovery_code_person_id_fkey REFERENCES person ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    CONSTRAINT recovery_code_pkey PRIMARY KEY (person_id, code_hash)
);

-- What keeps the state of a sign-in with a provider while its page is open.
CREATE TABLE oidc_request (
    state_hash bytea NOT NULL CONSTRAINT oidc_request_pkey PRIMARY KEY,
    nonce text NOT NULL,
    code_verifier text NOT NULL,
    back text NOT NULL,
    expires_at timestamptz NOT NULL
);
