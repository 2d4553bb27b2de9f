-- Whom to call about a CPTS, or about one to be: institutions and their services, by region or by
-- department. Nobody's name stands here.
CREATE TABLE institution_contact (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT institution_contact_pkey PRIMARY KEY,
    region_code text
        CONSTRAINT institution_contact_region_code_fkey REFERENCES region ON DELETE CASCADE,
    department_code text
        CONSTRAINT institution_contact_department_code_fkey REFERENCES department ON DELETE CASCADE,
    institution text NOT NULL CONSTRAINT institution_contact_institution_check
        CHECK (institution IN ('ars', 'assurance_maladie', 'urps', 'other')),
    organisation text NOT NULL CONSTRAINT institution_contact_organisation_check
        CHECK (btrim(organisation) <> ''),
    service text NOT NULL DEFAULT '',
    email text,
    phone text,
    website text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT institution_contact_place_check
        CHECK (num_nonnulls(region_code, department_code) = 1),
    CONSTRAINT institution_contact_means_check CHECK (num_nonnulls(email, phone, website) > 0),
    CONSTRAINT institution_contact_service_key UNIQUE NULLS NOT DISTINCT
        (region_code, department_code, organisation, service)
);
CREATE INDEX institution_contact_department_code_idx ON institution_contact (department_code);

CREATE TRIGGER aa_institution_contact_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON institution_contact
    FOR EACH STATEMENT EXECUTE FUNCTION advance_registry_revision();
