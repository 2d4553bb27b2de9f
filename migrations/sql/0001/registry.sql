-- One row: every transaction that changes the registry takes it first, so that writers queue
-- here in commit order instead of deadlocking further on.
CREATE TABLE registry_revision (
    id smallint CONSTRAINT registry_revision_pkey PRIMARY KEY DEFAULT 1
        CONSTRAINT registry_revision_id_check CHECK (id = 1),
    revision bigint NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT now(),
    -- Once loaded and then removed, demonstration data does not come back by itself.
    demonstration_loaded_at timestamptz
);
INSERT INTO registry_revision DEFAULT VALUES;

CREATE FUNCTION advance_registry_revision() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE registry_revision SET revision = revision + 1, changed_at = clock_timestamp();
    RETURN NULL;
END $$;

CREATE TABLE stage (
    slug text CONSTRAINT stage_pkey PRIMARY KEY,
    rank smallint NOT NULL CONSTRAINT stage_rank_key UNIQUE,
    label text NOT NULL,
    meaning text NOT NULL
);

CREATE TABLE mission (
    slug text CONSTRAINT mission_pkey PRIMARY KEY,
    rank smallint NOT NULL CONSTRAINT mission_rank_key UNIQUE,
    label text NOT NULL,
    optional boolean NOT NULL
);

CREATE TABLE theme (
    slug text CONSTRAINT theme_pkey PRIMARY KEY,
    rank smallint NOT NULL CONSTRAINT theme_rank_key UNIQUE,
    label text NOT NULL,
    mission_slug text NOT NULL CONSTRAINT theme_mission_slug_fkey REFERENCES mission
);

CREATE TABLE api_token (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT api_token_pkey PRIMARY KEY,
    token_hash bytea NOT NULL CONSTRAINT api_token_token_hash_key UNIQUE,
    role text NOT NULL CONSTRAINT api_token_role_check
        CHECK (role IN ('member', 'editor', 'ars', 'admin')),
    region_code text CONSTRAINT api_token_region_code_fkey REFERENCES region,
    cpts_id bigint,
    label text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    CONSTRAINT api_token_ars_region_check CHECK (role <> 'ars' OR region_code IS NOT NULL)
);

CREATE TABLE cpts (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT cpts_pkey PRIMARY KEY,
    name text NOT NULL CONSTRAINT cpts_name_check CHECK (btrim(name) <> ''),
    acronym text,
    finess text CONSTRAINT cpts_finess_check CHECK (finess ~ '^[0-9][0-9AB][0-9]{7}$'),
    website text,
    email text,
    phone text,
    address text,
    demonstration boolean NOT NULL DEFAULT false,
    started_on date NOT NULL,
    ended_on date,
    created_by bigint CONSTRAINT cpts_created_by_fkey REFERENCES api_token,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    name_key text NOT NULL GENERATED ALWAYS AS (search_key(name)) STORED,
    search_words text NOT NULL GENERATED ALWAYS AS
        (' ' || search_key(name) || ' ' || search_key(coalesce(acronym, ''))) STORED,
    CONSTRAINT cpts_ended_on_check CHECK (ended_on >= started_on)
);
CREATE UNIQUE INDEX cpts_finess_idx ON cpts (finess) WHERE ended_on IS NULL;
CREATE INDEX cpts_name_key_idx ON cpts (name_key);
CREATE INDEX cpts_search_words_idx ON cpts USING gin (search_words gin_trgm_ops);

ALTER TABLE api_token
    ADD CONSTRAINT api_token_cpts_id_fkey FOREIGN KEY (cpts_id) REFERENCES cpts ON DELETE CASCADE;

-- The stage of a day is the latest row whose date has come, the more advanced of two on one date.
CREATE TABLE cpts_stage (
    cpts_id bigint NOT NULL CONSTRAINT cpts_stage_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    since date NOT NULL,
    stage_slug text NOT NULL CONSTRAINT cpts_stage_stage_slug_fkey REFERENCES stage,
    CONSTRAINT cpts_stage_pkey PRIMARY KEY (cpts_id, stage_slug)
);

CREATE FUNCTION cpts_stage_on(asked_cpts bigint, asked_day date)
RETURNS TABLE (slug text, rank smallint, label text, since date)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.slug, s.rank, s.label, t.since
    FROM cpts_stage t JOIN stage s ON s.slug = t.stage_slug
    WHERE t.cpts_id = asked_cpts AND t.since <= asked_day
    ORDER BY t.since DESC, s.rank DESC
    LIMIT 1;
END;

CREATE TABLE cpts_theme (
    cpts_id bigint NOT NULL CONSTRAINT cpts_theme_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    theme_slug text NOT NULL CONSTRAINT cpts_theme_theme_slug_fkey REFERENCES theme,
    CONSTRAINT cpts_theme_pkey PRIMARY KEY (cpts_id, theme_slug)
);
CREATE INDEX cpts_theme_theme_slug_idx ON cpts_theme (theme_slug);

-- The rule of the house: on any day a commune is held by one CPTS at most.
CREATE TABLE claim (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT claim_pkey PRIMARY KEY,
    cpts_id bigint NOT NULL CONSTRAINT claim_cpts_id_fkey REFERENCES cpts,
    commune_code text NOT NULL CONSTRAINT claim_commune_code_fkey REFERENCES commune,
    held daterange NOT NULL,
    CONSTRAINT claim_held_check CHECK (NOT isempty(held) AND NOT lower_inf(held)),
    CONSTRAINT claim_commune_held_once EXCLUDE USING gist (commune_code WITH =, held WITH &&)
);
CREATE INDEX claim_cpts_id_idx ON claim (cpts_id);
-- Five times quicker than the constraint's own index for "who holds these communes?".
CREATE INDEX claim_commune_code_idx ON claim (commune_code);

-- A claim that an import had to refuse because another CPTS holds the commune. The claimant may
-- itself be kept out of the registry; then only its name is known.
CREATE TABLE refused_claim (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT refused_claim_pkey PRIMARY KEY,
    commune_code text NOT NULL
        CONSTRAINT refused_claim_commune_code_fkey REFERENCES commune ON DELETE CASCADE,
    cpts_id bigint CONSTRAINT refused_claim_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    claimant_name text NOT NULL,
    claimant_finess text,
    claimant_key text NOT NULL GENERATED ALWAYS AS (search_key(claimant_name)) STORED,
    claimant_stage text CONSTRAINT refused_claim_claimant_stage_fkey REFERENCES stage,
    refused_on date NOT NULL,
    CONSTRAINT refused_claim_commune_code_claimant_key_key UNIQUE (commune_code, claimant_key)
);
CREATE INDEX refused_claim_claimant_key_idx ON refused_claim (claimant_key);

-- Every change: when, who, what before and after.
CREATE TABLE cpts_change (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT cpts_change_pkey PRIMARY KEY,
    cpts_id bigint NOT NULL CONSTRAINT cpts_change_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revision bigint NOT NULL,
    action text NOT NULL CONSTRAINT cpts_change_action_check CHECK (action IN (
        'created', 'updated', 'territory', 'superseded', 'ended', 'imported')),
    actor_token_id bigint CONSTRAINT cpts_change_actor_token_id_fkey REFERENCES api_token,
    actor text NOT NULL,
    reason text,
    before jsonb,
    after jsonb
);
CREATE INDEX cpts_change_cpts_id_idx ON cpts_change (cpts_id);
