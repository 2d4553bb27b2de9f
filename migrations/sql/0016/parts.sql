-- A commune that several CPTS share is divided: on and after a day its declared parts are the units,
-- as the arrondissements of Paris are. It goes on being a row of this table, with the days on which
-- it was a unit itself, because what happened on those days names it.
ALTER TABLE commune
    -- squawk-ignore adding-field-with-default
    ADD COLUMN in_force daterange NOT NULL DEFAULT daterange(NULL, NULL),
    -- What a part is called within its city; its `name` has the city's before it.
    ADD COLUMN quarter text;
ALTER TABLE commune
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT commune_in_force_check CHECK (NOT isempty(in_force)),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT commune_quarter_check
        CHECK ((kind = 'part') = (quarter IS NOT NULL) AND (kind <> 'part' OR city_code IS NOT NULL));
-- squawk-ignore ban-drop-constraint
ALTER TABLE commune DROP CONSTRAINT commune_kind_check;
ALTER TABLE commune
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT commune_kind_check CHECK (kind IN ('commune', 'arrondissement', 'part'));
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX commune_city_code_idx ON commune (city_code);
-- Without them the planner takes it that hardly any row is in force.
ANALYZE commune (in_force);

-- The units of a day: whatever lists them, adds them up or looks for them asks here. One that is
-- looked up by a code that a claim or a letter has is a row of `commune`, in force or not.
-- The planner puts its text in its place.
CREATE FUNCTION unit_on(asked_day date) RETURNS SETOF commune
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM commune c WHERE c.in_force @> asked_day
$$;

-- squawk-ignore ban-drop-constraint
ALTER TABLE commune_name DROP CONSTRAINT commune_name_kind_check;
ALTER TABLE commune_name
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT commune_name_kind_check
        CHECK (kind IN ('current', 'former', 'delegated', 'associated', 'city', 'part'));

-- Who divided a city, from which day on and by what; the latest of a city is undone first.
CREATE TABLE division (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT division_pkey PRIMARY KEY,
    city_code text NOT NULL CONSTRAINT division_city_code_fkey REFERENCES city,
    divided_on date NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    -- The name of the file.
    source text NOT NULL,
    -- How the inhabitants of the commune are shared out: by a column of the file or by area.
    population_by text NOT NULL
        CONSTRAINT division_population_by_check CHECK (population_by IN ('column', 'area')),
    population_column text,
    -- What stood before in rows that are changed, for whoever undoes it.
    former_state jsonb NOT NULL,
    CONSTRAINT division_population_column_check
        CHECK ((population_by = 'column') = (population_column IS NOT NULL))
);
CREATE INDEX division_city_code_idx ON division (city_code);

-- The parts that a division made, and the weight of each among the inhabitants of the commune,
-- whatever the vintage.
CREATE TABLE division_part (
    division_id bigint NOT NULL
        CONSTRAINT division_part_division_id_fkey REFERENCES division ON DELETE CASCADE,
    part_code text NOT NULL
        CONSTRAINT division_part_part_code_fkey REFERENCES commune ON DELETE CASCADE,
    -- The unit that it comes out of: the commune, or the part that is divided further.
    unit_code text NOT NULL CONSTRAINT division_part_unit_code_fkey REFERENCES commune,
    weight double precision NOT NULL CONSTRAINT division_part_weight_check CHECK (weight >= 0),
    CONSTRAINT division_part_pkey PRIMARY KEY (division_id, part_code)
);
CREATE INDEX division_part_part_code_idx ON division_part (part_code);
CREATE INDEX division_part_unit_code_idx ON division_part (unit_code);

-- When the units were last changed otherwise than by a release: what is kept of them is read again.
ALTER TABLE geography_release ADD COLUMN units_changed_at timestamptz;

DO $$
DECLARE watched text;
BEGIN
    FOREACH watched IN ARRAY ARRAY['division', 'division_part']
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION advance_registry_revision()',
            -- Triggers of one event fire by name, and the lock comes first.
            'aa_' || watched || '_revision', watched);
    END LOOP;
END $$;

-- A unit is held on days on which it is one: so a city and a part of it are never held for the same
-- day, and the rule that a unit has one holder is a rule about places.
CREATE FUNCTION check_claims_in_force() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE refused text;
BEGIN
    SELECT n.commune_code INTO refused
    FROM new_rows n JOIN commune c ON c.code = n.commune_code
    WHERE NOT c.in_force @> n.held
    LIMIT 1;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION 'unit % would be held on days on which it is none', refused
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_in_force', TABLE = 'claim';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ab_claim_inserted_in_force AFTER INSERT ON claim
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION check_claims_in_force();
CREATE TRIGGER ab_claim_updated_in_force AFTER UPDATE ON claim
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION check_claims_in_force();

CREATE FUNCTION check_unit_in_force() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM claim c WHERE c.commune_code = NEW.code AND NOT NEW.in_force @> c.held)
    THEN
        RAISE EXCEPTION 'unit % would be held on days on which it is none', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_in_force', TABLE = 'commune';
    END IF;
    IF EXISTS (
        SELECT FROM commune c
        WHERE c.in_force && NEW.in_force
          AND (NEW.kind = 'part' AND c.code = NEW.city_code
               OR c.kind = 'part' AND c.city_code = NEW.code))
    THEN
        RAISE EXCEPTION 'unit % would be one on the same day as a city and its parts', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'city_or_parts', TABLE = 'commune';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER commune_part_inserted AFTER INSERT ON commune
    FOR EACH ROW WHEN (NEW.kind = 'part') EXECUTE FUNCTION check_unit_in_force();
CREATE TRIGGER commune_in_force_changed AFTER UPDATE OF in_force, kind, city_code ON commune
    FOR EACH ROW
    WHEN ((OLD.in_force, OLD.kind, OLD.city_code) IS DISTINCT FROM
          (NEW.in_force, NEW.kind, NEW.city_code))
    EXECUTE FUNCTION check_unit_in_force();

-- Nothing is decided on a letter in these states: what it asks for follows a division.
CREATE FUNCTION is_pending(letter_state text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN letter_state IN ('deposee', 'en_conciliation');
