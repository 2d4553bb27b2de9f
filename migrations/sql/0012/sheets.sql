-- What a CPTS tells of itself: its sheet, and what it did by theme. No person is named here: those
-- whom one may call live in cpts_contact.
CREATE TABLE cpts_sheet (
    cpts_id bigint NOT NULL CONSTRAINT cpts_sheet_pkey PRIMARY KEY
        CONSTRAINT cpts_sheet_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    presentation text NOT NULL DEFAULT ''
        CONSTRAINT cpts_sheet_presentation_check CHECK (length(presentation) <= 10000),
    -- Of the association: from 100 on, tier 4 is paid a tenth more. Null when nobody gave it.
    members_count bigint CONSTRAINT cpts_sheet_members_count_check
        CHECK (members_count BETWEEN 0 AND 100000),
    -- When somebody of the CPTS last said that all of it is so. Null when nobody ever did.
    confirmed_on date,
    -- Counts what was written, contacts included: whoever writes says which one was read.
    version bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_by bigint
        CONSTRAINT cpts_sheet_updated_by_fkey REFERENCES api_token ON DELETE SET NULL
);

CREATE TABLE cpts_action (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT cpts_action_pkey PRIMARY KEY,
    cpts_id bigint NOT NULL
        CONSTRAINT cpts_action_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    -- The order in which the CPTS tells them.
    position bigint NOT NULL DEFAULT 0,
    theme_slug text NOT NULL CONSTRAINT cpts_action_theme_slug_fkey REFERENCES theme,
    state text NOT NULL
        CONSTRAINT cpts_action_state_check CHECK (state IN ('en_projet', 'en_cours', 'realise')),
    year bigint CONSTRAINT cpts_action_year_check CHECK (year BETWEEN 2000 AND 2100),
    text text NOT NULL DEFAULT ''
        CONSTRAINT cpts_action_text_check CHECK (length(text) <= 4000),
    -- Addresses of its documents.
    links text[] NOT NULL DEFAULT '{}'
        CONSTRAINT cpts_action_links_check CHECK (cardinality(links) <= 20)
);
CREATE INDEX cpts_action_cpts_id_idx ON cpts_action (cpts_id);
CREATE INDEX cpts_action_theme_slug_idx ON cpts_action (theme_slug);

-- The former states of sheets, without any person: of contacts, only that they changed.
CREATE TABLE cpts_sheet_change (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT cpts_sheet_change_pkey PRIMARY KEY,
    cpts_id bigint NOT NULL
        CONSTRAINT cpts_sheet_change_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- That of the sheet after the change.
    version bigint NOT NULL,
    action text NOT NULL CONSTRAINT cpts_sheet_change_action_check
        CHECK (action IN ('updated', 'confirmed', 'restored', 'imported', 'erased')),
    -- An identity, which no name leads from once the person is erased.
    actor_token_id bigint CONSTRAINT cpts_sheet_change_actor_token_id_fkey
        REFERENCES api_token ON DELETE SET NULL,
    actor text NOT NULL,
    reason text,
    before jsonb,
    after jsonb,
    contacts_changed boolean NOT NULL DEFAULT false,
    CONSTRAINT cpts_sheet_change_without_contacts_check
        CHECK (NOT coalesce(before ? 'contacts', false) AND NOT coalesce(after ? 'contacts', false))
);
CREATE INDEX cpts_sheet_change_cpts_id_idx ON cpts_sheet_change (cpts_id);

-- That a CPTS was reminded of a confirmation that was due: once for each due day and kind.
CREATE TABLE sheet_reminder (
    cpts_id bigint NOT NULL
        CONSTRAINT sheet_reminder_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    due_on date NOT NULL,
    kind text NOT NULL DEFAULT 'due'
        CONSTRAINT sheet_reminder_kind_check CHECK (kind IN ('due', 'late')),
    sent_on date NOT NULL DEFAULT CAST(now() AT TIME ZONE 'Europe/Paris' AS date),
    CONSTRAINT sheet_reminder_pkey PRIMARY KEY (cpts_id, due_on, kind)
);

-- What the public is told follows from sheets: when one was confirmed, what a tier pays.
CREATE TRIGGER aa_cpts_sheet_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON cpts_sheet
    FOR EACH STATEMENT EXECUTE FUNCTION advance_registry_revision();
CREATE TRIGGER aa_cpts_action_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON cpts_action
    FOR EACH STATEMENT EXECUTE FUNCTION advance_registry_revision();
