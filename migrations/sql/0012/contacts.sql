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
    CONSTRAINT cpts_contact_kept_until_check CHECK (kept_until >= recorded_on)
);
CREATE INDEX cpts_contact_cpts_id_idx ON cpts_contact (cpts_id);
CREATE INDEX cpts_contact_email_idx ON cpts_contact (lower(email));
CREATE INDEX cpts_contact_person_id_idx ON cpts_contact (person_id);
CREATE INDEX cpts_contact_kept_until_idx ON cpts_contact (kept_until);

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

-- Whoever has their account erased is no contact any more, tied to it or under its address.
CREATE FUNCTION forget_contacts_of_person() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM cpts_contact c WHERE lower(c.email) = OLD.email;
    RETURN NULL;
END $$;
CREATE TRIGGER person_contacts AFTER DELETE ON person
    FOR EACH ROW EXECUTE FUNCTION forget_contacts_of_person();
