-- Everything that follows from the claims, per CPTS and period. Written by triggers only.
CREATE TABLE cpts_territory (
    cpts_id bigint NOT NULL CONSTRAINT cpts_territory_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    held daterange NOT NULL,
    commune_codes text[] NOT NULL,
    commune_count integer NOT NULL,
    population integer NOT NULL,
    population_year smallint NOT NULL,
    population_note text,
    tier smallint,
    departments text[] NOT NULL,
    regions text[] NOT NULL,
    lead_department text NOT NULL CONSTRAINT cpts_territory_lead_department_fkey REFERENCES department,
    geom geometry(MultiPolygon, 4326) NOT NULL,
    geom_department geometry(MultiPolygon, 4326) NOT NULL,
    geom_region geometry(MultiPolygon, 4326) NOT NULL,
    geom_country geometry(MultiPolygon, 4326) NOT NULL,
    CONSTRAINT cpts_territory_pkey PRIMARY KEY (cpts_id, held),
    CONSTRAINT cpts_territory_one_a_day EXCLUDE USING gist (cpts_id WITH =, held WITH &&)
);
CREATE INDEX cpts_territory_geom_idx ON cpts_territory USING gist (geom);
CREATE INDEX cpts_territory_departments_idx ON cpts_territory USING gin (departments);
CREATE INDEX cpts_territory_regions_idx ON cpts_territory USING gin (regions);

-- The periods in which the territory of these CPTS stays the same in every respect: a new one
-- begins where a claim begins or ends, a population vintage or a tier scale comes into force.
CREATE FUNCTION territory_period(asked bigint[])
RETURNS TABLE (cpts_id bigint, held daterange, commune_codes text[])
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH own AS (
        SELECT c.cpts_id, c.commune_code, c.held FROM claim c WHERE c.cpts_id = ANY (asked)
    ), scale AS (
        -- The first vintage also stands for the days before it, so it opens no period.
        SELECT v.in_force_from AS day
        FROM own o JOIN commune_population v ON v.commune_code = o.commune_code
        WHERE v.in_force_from > (SELECT min(w.in_force_from) FROM commune_population w)
        UNION
        SELECT lower(b.in_force) FROM tier_bound b WHERE NOT lower_inf(b.in_force)
        UNION
        SELECT upper(b.in_force) FROM tier_bound b WHERE NOT upper_inf(b.in_force)
    ), extent AS (
        SELECT o.cpts_id, range_merge(range_agg(o.held)) AS whole FROM own o GROUP BY o.cpts_id
    ), boundary AS (
        SELECT o.cpts_id, lower(o.held) AS day FROM own o
        UNION
        SELECT o.cpts_id, upper(o.held) FROM own o WHERE NOT upper_inf(o.held)
        UNION
        SELECT e.cpts_id, s.day FROM extent e JOIN scale s ON e.whole @> s.day
    ), period AS (
        SELECT b.cpts_id, daterange(b.day, lead(b.day) OVER (PARTITION BY b.cpts_id ORDER BY b.day)) AS held
        FROM boundary b
    )
    SELECT p.cpts_id, p.held, array_agg(o.commune_code ORDER BY o.commune_code)
    FROM period p JOIN own o ON o.cpts_id = p.cpts_id AND o.held @> lower(p.held)
    GROUP BY p.cpts_id, p.held;
END;

-- Brings the derived rows of these CPTS in line with their claims. Rows that still describe a
-- period stay as they are, unless `from_scratch` (geography, populations or scale have changed).
CREATE FUNCTION refresh_territory(changed bigint[], from_scratch boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF changed IS NULL OR cardinality(changed) = 0 THEN
        RETURN;
    END IF;

    DELETE FROM cpts_territory t
    WHERE t.cpts_id = ANY (changed)
      AND (from_scratch OR NOT EXISTS (
          SELECT FROM territory_period(changed) p
          WHERE p.cpts_id = t.cpts_id AND p.held = t.held AND p.commune_codes = t.commune_codes));

    INSERT INTO cpts_territory (
        cpts_id, held, commune_codes, commune_count,
        population, population_year, population_note, tier,
        departments, regions, lead_department,
        geom, geom_department, geom_region, geom_country)
    SELECT
        p.cpts_id, p.held, p.commune_codes, cardinality(p.commune_codes),
        total.population, total.year, note.text, tier_of(total.population, lower(p.held)),
        spread.departments, total.regions, spread.lead_department,
        total.geom, total.geom_department, total.geom_region, total.geom_country
    FROM territory_period(changed) p
    CROSS JOIN LATERAL (
        SELECT
            coalesce(sum(n.population), 0)::integer AS population,
            max(n.year) AS year,
            array_agg(DISTINCT c.region_code ORDER BY c.region_code) AS regions,
            ST_ForcePolygonCCW(ST_Multi(ST_UnaryUnion(ST_Collect(c.geom)))) AS geom,
            ST_ForcePolygonCCW(ST_Multi(ST_UnaryUnion(ST_Collect(c.geom_department)))) AS geom_department,
            ST_ForcePolygonCCW(ST_Multi(ST_UnaryUnion(ST_Collect(c.geom_region)))) AS geom_region,
            ST_ForcePolygonCCW(ST_Multi(ST_UnaryUnion(ST_Collect(c.geom_country)))) AS geom_country
        FROM commune c
        CROSS JOIN LATERAL commune_population_on(c.code, lower(p.held)) n
        WHERE c.code = ANY (p.commune_codes)
    ) total
    CROSS JOIN LATERAL (
        SELECT
            array_agg(d.department_code ORDER BY d.department_code) AS departments,
            (array_agg(d.department_code ORDER BY d.population DESC, d.department_code))[1] AS lead_department
        FROM (
            SELECT c.department_code, sum(n.population) AS population
            FROM commune c
            CROSS JOIN LATERAL commune_population_on(c.code, lower(p.held)) n
            WHERE c.code = ANY (p.commune_codes)
            GROUP BY c.department_code
        ) d
    ) spread
    CROSS JOIN LATERAL (
        SELECT string_agg(c.name || ' (' || n.year || ')', ', ' ORDER BY c.name) AS text
        FROM commune c
        CROSS JOIN LATERAL commune_population_on(c.code, lower(p.held)) n
        WHERE c.code = ANY (p.commune_codes) AND n.year <> total.year
    ) note
    WHERE NOT EXISTS (
        SELECT FROM cpts_territory t WHERE t.cpts_id = p.cpts_id AND t.held = p.held);
END $$;

CREATE FUNCTION refresh_territory_of_claims() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM refresh_territory(ARRAY(SELECT DISTINCT n.cpts_id FROM new_rows n), false);
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM refresh_territory(ARRAY(SELECT DISTINCT o.cpts_id FROM old_rows o), false);
    ELSE
        PERFORM refresh_territory(
            ARRAY(SELECT n.cpts_id FROM new_rows n UNION SELECT o.cpts_id FROM old_rows o), false);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER claim_inserted AFTER INSERT ON claim
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refresh_territory_of_claims();
CREATE TRIGGER claim_updated AFTER UPDATE ON claim
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refresh_territory_of_claims();
CREATE TRIGGER claim_deleted AFTER DELETE ON claim
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refresh_territory_of_claims();

-- Communes and populations change once a year; only the CPTS that hold a changed one are redone.
CREATE FUNCTION refresh_territory_of_communes() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refresh_territory(ARRAY(
        SELECT DISTINCT c.cpts_id FROM claim c JOIN new_rows n ON n.code = c.commune_code), true);
    RETURN NULL;
END $$;
CREATE TRIGGER commune_updated AFTER UPDATE ON commune
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refresh_territory_of_communes();

CREATE FUNCTION refresh_territory_of_populations() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM refresh_territory(ARRAY(SELECT DISTINCT c.cpts_id FROM claim c
            JOIN new_rows n ON n.commune_code = c.commune_code), true);
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM refresh_territory(ARRAY(SELECT DISTINCT c.cpts_id FROM claim c
            JOIN old_rows o ON o.commune_code = c.commune_code), true);
    ELSE
        PERFORM refresh_territory(ARRAY(SELECT DISTINCT c.cpts_id FROM claim c
            WHERE c.commune_code IN (SELECT n.commune_code FROM new_rows n
                                     UNION SELECT o.commune_code FROM old_rows o)), true);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER commune_population_inserted AFTER INSERT ON commune_population
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refresh_territory_of_populations();
CREATE TRIGGER commune_population_updated AFTER UPDATE ON commune_population
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refresh_territory_of_populations();
CREATE TRIGGER commune_population_deleted AFTER DELETE ON commune_population
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refresh_territory_of_populations();

-- After a TRUNCATE, or a change of the tier scale, every territory is redone.
CREATE FUNCTION refresh_every_territory() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refresh_territory(ARRAY(
        SELECT c.cpts_id FROM claim c UNION SELECT t.cpts_id FROM cpts_territory t), true);
    RETURN NULL;
END $$;
CREATE TRIGGER claim_truncated AFTER TRUNCATE ON claim
    FOR EACH STATEMENT EXECUTE FUNCTION refresh_every_territory();
CREATE TRIGGER commune_population_truncated AFTER TRUNCATE ON commune_population
    FOR EACH STATEMENT EXECUTE FUNCTION refresh_every_territory();
CREATE TRIGGER tier_bound_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON tier_bound
    FOR EACH STATEMENT EXECUTE FUNCTION refresh_every_territory();

-- Nobody writes derived rows by hand: inside a trigger of another table the depth is 2 or more.
CREATE FUNCTION refuse_direct_territory_write() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'cpts_territory is derived from claim and never written directly'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER cpts_territory_guard BEFORE INSERT OR UPDATE OR DELETE ON cpts_territory
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_direct_territory_write();

-- A TRUNCATE that cascades from cpts empties claim as well; one of the derived rows alone does not.
CREATE FUNCTION refuse_lone_territory_truncate() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM claim) THEN
        RAISE EXCEPTION 'cpts_territory is derived from claim and never emptied alone'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER cpts_territory_truncated AFTER TRUNCATE ON cpts_territory
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_lone_territory_truncate();

-- Whatever changes an answer of the service advances the registry revision, and takes its lock
-- before any other row.
DO $$
DECLARE watched text;
BEGIN
    FOREACH watched IN ARRAY ARRAY[
        'region', 'department', 'epci', 'city', 'commune', 'commune_population', 'commune_postcode',
        'commune_name', 'former_commune', 'commune_neighbour', 'tier_bound', 'funding_amount',
        'stage', 'mission', 'theme', 'cpts', 'cpts_stage', 'cpts_theme', 'claim', 'refused_claim']
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION advance_registry_revision()',
            -- Triggers of one event fire by name, and the lock comes first.
            'aa_' || watched || '_revision', watched);
    END LOOP;
END $$;
