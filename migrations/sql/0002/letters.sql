-- A letter of intent, or the amendment or merger of recognised CPTS, from deposit to decision.
CREATE TABLE letter (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT letter_pkey PRIMARY KEY,
    name text NOT NULL CONSTRAINT letter_name_check CHECK (btrim(name) <> ''),
    kind text NOT NULL CONSTRAINT letter_kind_check CHECK (kind IN ('creation', 'amendment', 'merger')),
    state text NOT NULL DEFAULT 'deposee' CONSTRAINT letter_state_check
        CHECK (state IN ('deposee', 'en_conciliation', 'validee', 'refusee', 'retiree')),
    -- Personal data: shown to the agents of a region concerned and to administrators only.
    contact_name text,
    contact_email text,
    contact_phone text,
    documents text[] NOT NULL DEFAULT '{}',
    deposited_on date NOT NULL,
    -- The day wished for; without one, that of the last decision.
    effective_on date,
    -- The first and only day on which it was validated, refused or withdrawn.
    closed_on date,
    -- Of a validated letter, the day from which its territory is held.
    in_effect_from date,
    lead_region text NOT NULL CONSTRAINT letter_lead_region_fkey REFERENCES region,
    lead_region_corrected boolean NOT NULL DEFAULT false,
    -- The dynamic that the letter advances, the CPTS amended, or the one that absorbs the others.
    subject_cpts_id bigint CONSTRAINT letter_subject_cpts_id_fkey REFERENCES cpts ON DELETE SET NULL,
    -- Of a validated letter, the CPTS as it stands then.
    resulting_cpts_id bigint
        CONSTRAINT letter_resulting_cpts_id_fkey REFERENCES cpts ON DELETE SET NULL,
    created_by bigint CONSTRAINT letter_created_by_fkey REFERENCES api_token ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    search_words text NOT NULL GENERATED ALWAYS AS (' ' || search_key(name)) STORED,
    CONSTRAINT letter_closed_on_check
        CHECK ((closed_on IS NOT NULL) = (state IN ('validee', 'refusee', 'retiree'))),
    CONSTRAINT letter_in_effect_from_check CHECK ((in_effect_from IS NOT NULL) = (state = 'validee'))
);
CREATE INDEX letter_state_idx ON letter (state);
CREATE INDEX letter_subject_cpts_id_idx ON letter (subject_cpts_id);
CREATE INDEX letter_resulting_cpts_id_idx ON letter (resulting_cpts_id);

-- `asked` are the communes that the letter wants to add; `kept`, those that its CPTS hold;
-- `withdrawn`, those that an amendment gives up.
CREATE TABLE letter_commune (
    letter_id bigint NOT NULL CONSTRAINT letter_commune_letter_id_fkey REFERENCES letter ON DELETE CASCADE,
    commune_code text NOT NULL
        CONSTRAINT letter_commune_commune_code_fkey REFERENCES commune ON DELETE CASCADE,
    part text NOT NULL CONSTRAINT letter_commune_part_check CHECK (part IN ('asked', 'kept', 'withdrawn')),
    CONSTRAINT letter_commune_pkey PRIMARY KEY (letter_id, commune_code)
);
CREATE INDEX letter_commune_commune_code_idx ON letter_commune (commune_code);

CREATE TABLE letter_theme (
    letter_id bigint NOT NULL CONSTRAINT letter_theme_letter_id_fkey REFERENCES letter ON DELETE CASCADE,
    theme_slug text NOT NULL CONSTRAINT letter_theme_theme_slug_fkey REFERENCES theme,
    CONSTRAINT letter_theme_pkey PRIMARY KEY (letter_id, theme_slug)
);

-- The CPTS that a merger ends.
CREATE TABLE letter_absorbed_cpts (
    letter_id bigint NOT NULL
        CONSTRAINT letter_absorbed_cpts_letter_id_fkey REFERENCES letter ON DELETE CASCADE,
    cpts_id bigint NOT NULL
        CONSTRAINT letter_absorbed_cpts_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    CONSTRAINT letter_absorbed_cpts_pkey PRIMARY KEY (letter_id, cpts_id)
);
CREATE INDEX letter_absorbed_cpts_cpts_id_idx ON letter_absorbed_cpts (cpts_id);

-- Where ARS, Assurance Maladie and URPS stand on a letter today; the URPS's does not bind.
CREATE TABLE letter_position (
    letter_id bigint NOT NULL
        CONSTRAINT letter_position_letter_id_fkey REFERENCES letter ON DELETE CASCADE,
    authority text NOT NULL CONSTRAINT letter_position_authority_check
        CHECK (authority IN ('ars', 'assurance_maladie', 'urps')),
    position text NOT NULL CONSTRAINT letter_position_position_check
        CHECK (position IN ('favorable', 'defavorable', 'reserve')),
    given_on date NOT NULL,
    note text,
    actor text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT letter_position_pkey PRIMARY KEY (letter_id, authority),
    -- A decision is yes or no.
    CONSTRAINT letter_position_decision_check CHECK (authority = 'urps' OR position <> 'reserve')
);

-- What happened to a letter: who recorded it and when, the day on which it happened, the state after.
CREATE TABLE letter_event (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT letter_event_pkey PRIMARY KEY,
    letter_id bigint NOT NULL CONSTRAINT letter_event_letter_id_fkey REFERENCES letter ON DELETE CASCADE,
    action text NOT NULL CONSTRAINT letter_event_action_check CHECK (action IN (
        'deposited', 'corrected', 'territory', 'decision', 'opinion', 'conciliation_opened',
        'conciliation_closed', 'validated', 'refused', 'withdrawn')),
    occurred_on date NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL CONSTRAINT letter_event_state_check
        CHECK (state IN ('deposee', 'en_conciliation', 'validee', 'refusee', 'retiree')),
    actor text NOT NULL,
    actor_token_id bigint
        CONSTRAINT letter_event_actor_token_id_fkey REFERENCES api_token ON DELETE SET NULL,
    note text,
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX letter_event_letter_id_idx ON letter_event (letter_id);

-- Letters that ask for the same communes, or for those of a dynamic, until they agree.
CREATE TABLE conciliation (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT conciliation_pkey PRIMARY KEY,
    opened_on date NOT NULL,
    closed_on date,
    outcome text CONSTRAINT conciliation_outcome_check
        CHECK (outcome IN ('territoire_partage', 'projets_reunis', 'retrait')),
    -- Joined into another one, since the same letters came to meet there.
    joined_into bigint CONSTRAINT conciliation_joined_into_fkey REFERENCES conciliation,
    note text,
    closed_by text,
    CONSTRAINT conciliation_closed_on_check
        CHECK ((closed_on IS NOT NULL) = (outcome IS NOT NULL OR joined_into IS NOT NULL))
);

CREATE TABLE conciliation_letter (
    conciliation_id bigint NOT NULL
        CONSTRAINT conciliation_letter_conciliation_id_fkey REFERENCES conciliation ON DELETE CASCADE,
    letter_id bigint NOT NULL
        CONSTRAINT conciliation_letter_letter_id_fkey REFERENCES letter ON DELETE CASCADE,
    CONSTRAINT conciliation_letter_pkey PRIMARY KEY (conciliation_id, letter_id)
);
CREATE INDEX conciliation_letter_letter_id_idx ON conciliation_letter (letter_id);

CREATE TABLE conciliation_cpts (
    conciliation_id bigint NOT NULL
        CONSTRAINT conciliation_cpts_conciliation_id_fkey REFERENCES conciliation ON DELETE CASCADE,
    cpts_id bigint NOT NULL
        CONSTRAINT conciliation_cpts_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    CONSTRAINT conciliation_cpts_pkey PRIMARY KEY (conciliation_id, cpts_id)
);
CREATE INDEX conciliation_cpts_cpts_id_idx ON conciliation_cpts (cpts_id);

CREATE TABLE conciliation_commune (
    conciliation_id bigint NOT NULL
        CONSTRAINT conciliation_commune_conciliation_id_fkey REFERENCES conciliation ON DELETE CASCADE,
    commune_code text NOT NULL
        CONSTRAINT conciliation_commune_commune_code_fkey REFERENCES commune ON DELETE CASCADE,
    CONSTRAINT conciliation_commune_pkey PRIMARY KEY (conciliation_id, commune_code)
);
CREATE INDEX conciliation_commune_commune_code_idx ON conciliation_commune (commune_code);

-- A commune that a dynamic gives up to a letter, as a conciliation settled it.
CREATE TABLE conciliation_settlement (
    conciliation_id bigint NOT NULL
        CONSTRAINT conciliation_settlement_conciliation_id_fkey REFERENCES conciliation ON DELETE CASCADE,
    letter_id bigint NOT NULL
        CONSTRAINT conciliation_settlement_letter_id_fkey REFERENCES letter ON DELETE CASCADE,
    cpts_id bigint NOT NULL
        CONSTRAINT conciliation_settlement_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    commune_code text NOT NULL
        CONSTRAINT conciliation_settlement_commune_code_fkey REFERENCES commune ON DELETE CASCADE,
    CONSTRAINT conciliation_settlement_pkey PRIMARY KEY (conciliation_id, letter_id, cpts_id, commune_code)
);
CREATE INDEX conciliation_settlement_letter_id_idx ON conciliation_settlement (letter_id);
CREATE INDEX conciliation_settlement_cpts_id_idx ON conciliation_settlement (cpts_id);

-- What was asked of a commune that merged is asked of the one that it became.
CREATE FUNCTION letters_follow_commune() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO letter_commune (letter_id, commune_code, part)
    SELECT l.letter_id, f.commune_code, l.part
    FROM letter_commune l JOIN former_commune f ON f.code = OLD.code
    WHERE l.commune_code = OLD.code
    ON CONFLICT DO NOTHING;
    INSERT INTO conciliation_commune (conciliation_id, commune_code)
    SELECT l.conciliation_id, f.commune_code
    FROM conciliation_commune l JOIN former_commune f ON f.code = OLD.code
    WHERE l.commune_code = OLD.code
    ON CONFLICT DO NOTHING;
    INSERT INTO conciliation_settlement (conciliation_id, letter_id, cpts_id, commune_code)
    SELECT l.conciliation_id, l.letter_id, l.cpts_id, f.commune_code
    FROM conciliation_settlement l JOIN former_commune f ON f.code = OLD.code
    WHERE l.commune_code = OLD.code
    ON CONFLICT DO NOTHING;
    RETURN OLD;
END $$;
CREATE TRIGGER commune_letters BEFORE DELETE ON commune
    FOR EACH ROW EXECUTE FUNCTION letters_follow_commune();

DO $$
DECLARE watched text;
BEGIN
    FOREACH watched IN ARRAY ARRAY[
        'letter', 'letter_commune', 'letter_theme', 'letter_absorbed_cpts', 'letter_position',
        'letter_event', 'conciliation', 'conciliation_letter', 'conciliation_cpts',
        'conciliation_commune', 'conciliation_settlement']
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION advance_registry_revision()',
            -- Triggers of one event fire by name, and the lock comes first.
            'aa_' || watched || '_revision', watched);
    END LOOP;
END $$;
