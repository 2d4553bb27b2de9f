-- By which what is kept of the reference data is known: another value after every change of it. Never a
-- number, which two databases could share.
CREATE TABLE reference_mark (
    -- squawk-ignore prefer-bigint-over-smallint
    id smallint NOT NULL DEFAULT 1 CONSTRAINT reference_mark_pkey PRIMARY KEY
        CONSTRAINT reference_mark_id_check CHECK (id = 1),
    mark uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO reference_mark DEFAULT VALUES;

CREATE FUNCTION renew_reference_mark() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reference_mark SET mark = gen_random_uuid();
    RETURN NULL;
END $$;

DO $$
DECLARE watched text;
BEGIN
    FOREACH watched IN ARRAY ARRAY[
        'region', 'department', 'epci', 'city', 'commune', 'commune_population', 'commune_postcode',
        'commune_name', 'former_commune', 'commune_neighbour', 'tier_bound', 'funding_amount', 'mission']
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION renew_reference_mark()',
            watched || '_reference_mark', watched);
    END LOOP;
END $$;
