-- A listing that somebody brings to the browser, from its file to its import and the undo of it.
CREATE TABLE import_draft (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT import_draft_pkey PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    actor_token_id bigint CONSTRAINT import_draft_actor_token_id_fkey
        REFERENCES api_token ON DELETE SET NULL,
    file_name text NOT NULL,
    -- Who publishes the listing: corrections are kept for its next file.
    source text NOT NULL,
    options jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'waiting' CONSTRAINT import_draft_state_check
        CHECK (state IN ('waiting', 'working', 'planned', 'refused', 'imported', 'undone')),
    -- What is to be done next: to plan, or to import.
    task text NOT NULL DEFAULT 'plan' CONSTRAINT import_draft_task_check
        CHECK (task IN ('plan', 'import')),
    step text NOT NULL DEFAULT '',
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    -- A worker that was killed says nothing any more.
    told_at timestamptz NOT NULL DEFAULT now(),
    -- Why the file cannot be used, in French.
    refusal text,
    findings jsonb NOT NULL DEFAULT '{}',
    revision bigint,
    imported_at timestamptz,
    undone_at timestamptz
);

-- The file itself, which may name persons in columns that are read past: in no write-ahead log,
-- so in no backup, and deleted with the import.
CREATE UNLOGGED TABLE import_file (
    draft_id bigint NOT NULL CONSTRAINT import_file_pkey PRIMARY KEY
        CONSTRAINT import_file_draft_id_fkey REFERENCES import_draft ON DELETE CASCADE,
    content bytea NOT NULL
);

CREATE TABLE import_row (
    draft_id bigint NOT NULL
        CONSTRAINT import_row_draft_id_fkey REFERENCES import_draft ON DELETE CASCADE,
    position bigint NOT NULL,
    row_number bigint NOT NULL,
    cpts text NOT NULL,
    given text NOT NULL,
    department text NOT NULL,
    outcome text NOT NULL,
    commune_codes text[] NOT NULL DEFAULT '{}',
    commune_names text[] NOT NULL DEFAULT '{}',
    detail text NOT NULL,
    -- What a correction of the row is found again by, in the next file too.
    correction_key text NOT NULL,
    candidates text[] NOT NULL DEFAULT '{}',
    CONSTRAINT import_row_pkey PRIMARY KEY (draft_id, position)
);
CREATE INDEX import_row_draft_id_outcome_position_idx
    ON import_row (draft_id, outcome, position);

-- What somebody decided that a row of a source means; no commune, for a row to be left out.
CREATE TABLE import_correction (
    source_key text NOT NULL,
    correction_key text NOT NULL,
    cpts text NOT NULL,
    given text NOT NULL,
    commune_code text CONSTRAINT import_correction_commune_code_fkey
        REFERENCES commune ON DELETE CASCADE,
    actor text NOT NULL,
    corrected_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT import_correction_pkey PRIMARY KEY (source_key, correction_key)
);
CREATE INDEX import_correction_commune_code_idx ON import_correction (commune_code);
