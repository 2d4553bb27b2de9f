-- Persons of a CPTS whom members may call: theirs alone, apart from what a CPTS is. No trigger of
-- the registry's revision or history sees them, so that nothing of them stays elsewhere.
CREATE TABLE cpts_contact (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT cpts_contact_pkey PRIMARY KEY,
    cpts_id bigint NOT NULL
        CONSTRAINT cpts_contact_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    position bigint NOT NULL DEFAULT 0,
    -- As the CPTS calls it, such as « Coordination ».
    role text NOT NULL DEFAULT '' CONSTRAINT cpts_contact_role_check CHECK (length(role) <= 200),
    name text NOT NULL
        CONSTRAINT cpts_contact_name_check CHECK (btrim(name) <> '' AND length(name) <= 200),
    email text CONSTRAINT cpts_contact_email_check CHECK (length(email) <= 254),
    phone text CONSTRAINT cpts_contact_phone_check CHECK (length(phone) <= 40),
    -- The account of the same person, if there is one: erasing it erases this.
    person_id bigint
        CONSTRAINT cpts_contact_person_id_fkey REFERENCES person ON DELETE CASCADE,
    purpose text NOT NULL DEFAULT 'mise_en_relation'
        CONSTRAINT cpts_contact_purpose_check CHECK (purpose IN ('mise_en_relation')),
    legal_basis text NOT NULL DEFAULT 'interet_legitime' CONSTRAINT cpts_contact_legal_basis_check
        CHECK (legal_basis IN ('interet_legitime', 'consentement')),
    origin text NOT NULL DEFAULT 'fiche' CONSTRAINT cpts_contact_origin_check
        CHECK (origin IN ('fiche', 'import', 'demonstration')),
    recorded_on date NOT NULL DEFAULT CAST(now() AT TIME ZONE 'Europe/Paris' AS date),
    -- The last day: afterwards it is shown to nobody, and a command deletes it. Whoever confirms
    -- the sheet puts it off.
    kept_until date NOT NULL,
    -- The first version of the sheet that tells it so.
    since_version bigint NOT NULL DEFAULT 0,
    CONSTRAINT cpts_contact_kept_until_check CHECK (kept_until >= recorded_on)
);
CREATE INDEX cpts_contact_cpts_id_idx ON cpts_contact (cpts_id);
CREATE INDEX cpts_contact_email_idx ON cpts_contact (lower(email));
CREATE INDEX cpts_contact_person_id_idx ON cpts_contact (person_id);
CREATE INDEX cpts_contact_kept_until_idx ON cpts_contact (kept_until);

-- Contacts that a sheet no longer tells, so that one of its former states can be taken back: apart,
-- so that nothing that shows contacts can show them, and for a term of their own.
CREATE TABLE former_contact (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT former_contact_pkey PRIMARY KEY,
    cpts_id bigint NOT NULL
        CONSTRAINT former_contact_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    -- The versions of the sheet that told it: from the one to before the other.
    since_version bigint NOT NULL,
    until_version bigint NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    role text NOT NULL DEFAULT '' CONSTRAINT former_contact_role_check CHECK (length(role) <= 200),
    name text NOT NULL
        CONSTRAINT former_contact_name_check CHECK (btrim(name) <> '' AND length(name) <= 200),
    email text CONSTRAINT former_contact_email_check CHECK (length(email) <= 254),
    phone text CONSTRAINT former_contact_phone_check CHECK (length(phone) <= 40),
    removed_on date NOT NULL DEFAULT CAST(now() AT TIME ZONE 'Europe/Paris' AS date),
    -- The last day, afterwards a command deletes it.
    kept_until date NOT NULL,
    CONSTRAINT former_contact_versions_check CHECK (until_version > since_version),
    CONSTRAINT former_contact_kept_until_check CHECK (kept_until >= removed_on)
);
CREATE INDEX former_contact_cpts_id_idx ON former_contact (cpts_id);
CREATE INDEX former_contact_email_idx ON former_contact (lower(email));
CREATE INDEX former_contact_kept_until_idx ON former_contact (kept_until);

-- Erases whatever sheets tell, and told, of whoever has an address, and says on record that they
-- changed, but not of whom. Gives the number of sheets that told it still. The version advances, so
-- that whoever edits such a sheet just now does not bring it back unseen.
CREATE FUNCTION erase_contacts(address text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[];
BEGIN
    -- In the order in which everybody writes: the registry first.
    PERFORM FROM registry_revision FOR UPDATE;
    DELETE FROM former_contact f WHERE lower(f.email) = lower(address);
    WITH gone AS (
        DELETE FROM cpts_contact c WHERE lower(c.email) = lower(address) RETURNING c.cpts_id
    )
    SELECT array_agg(DISTINCT g.cpts_id) INTO touched FROM gone g;
    IF touched IS NULL THEN
        RETURN 0;
    END IF;
    INSERT INTO cpts_sheet AS s (cpts_id, version) SELECT t.id, 1 FROM unnest(touched) AS t (id)
    ON CONFLICT (cpts_id) DO UPDATE SET version = s.version + 1, updated_at = clock_timestamp();
    INSERT INTO cpts_sheet_change (cpts_id, version, action, actor, contacts_changed)
    SELECT s.cpts_id, s.version, 'erased', 'effacement demandé par la personne', true
    FROM cpts_sheet s WHERE s.cpts_id = ANY (touched);
    RETURN cardinality(touched);
END $$;

-- An account goes with the contacts under its address. Whoever never accepted an invitation has
-- said nothing about theirs.
CREATE FUNCTION erase_contacts_of_person() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM cpts_contact c WHERE lower(c.email) = OLD.email)
        OR EXISTS (SELECT FROM former_contact f WHERE lower(f.email) = OLD.email) THEN
        PERFORM erase_contacts(OLD.email);
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER person_contacts BEFORE DELETE ON person
    FOR EACH ROW WHEN (OLD.confirmed_at IS NOT NULL) EXECUTE FUNCTION erase_contacts_of_person();

-- Who was shown the contacts of which CPTS on which day. Who is an identity or a machine's token.
CREATE TABLE contact_view (
    viewer_id bigint NOT NULL
        CONSTRAINT contact_view_viewer_id_fkey REFERENCES api_token ON DELETE CASCADE,
    seen_on date NOT NULL,
    cpts_id bigint NOT NULL
        CONSTRAINT contact_view_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT contact_view_pkey PRIMARY KEY (viewer_id, seen_on, cpts_id)
);
CREATE INDEX contact_view_cpts_id_idx ON contact_view (cpts_id, seen_on);
CREATE INDEX contact_view_seen_on_idx ON contact_view (seen_on);
