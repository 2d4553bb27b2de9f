-- What a change touches. Beside the one revision stand marks: the revision of the last change
-- that could be seen in a region or a department, anywhere in the country, in what is declared
-- complete, or everywhere, in answers that show no CPTS too. An answer that depends on some of
-- them stays true as long as they stay what they were.
CREATE TABLE registry_mark (
    level text NOT NULL CONSTRAINT registry_mark_level_check
        CHECK (level IN ('everywhere', 'country', 'region', 'department', 'completeness')),
    -- Of a region or a department, else empty. No foreign key: a place that is gone is asked
    -- about by nobody, and marks are written in whatever order a geography is loaded.
    code text NOT NULL DEFAULT '',
    revision bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT registry_mark_pkey PRIMARY KEY (level, code)
);
INSERT INTO registry_mark (level, revision, changed_at)
SELECT 'everywhere', r.revision, r.changed_at FROM registry_revision r;

-- Under the registry's lock. Others see a transaction's marks at its end, so that one is enough:
-- a second would only leave dead rows behind.
CREATE FUNCTION mark(marked_level text, codes text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
    INSERT INTO registry_mark AS m (level, code, revision, changed_at)
    SELECT mark.marked_level, c.code, r.revision, clock_timestamp()
    FROM (SELECT DISTINCT unnest(mark.codes)) AS c (code) CROSS JOIN registry_revision r
    ON CONFLICT (level, code) DO UPDATE
        SET revision = excluded.revision, changed_at = excluded.changed_at
        WHERE m.xmin <> CAST(pg_current_xact_id() AS xid);
END;

CREATE FUNCTION mark_departments(departments text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM mark('country', ARRAY['']);
    PERFORM mark('department', departments);
    PERFORM mark('region', ARRAY(
        SELECT d.region_code FROM department d WHERE d.code = ANY (departments)));
END $$;

-- Every department in whose answers a CPTS may be told of, on whatever day.
CREATE FUNCTION departments_of_cpts(asked bigint[]) RETURNS SETOF text
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT DISTINCT m.department_code
    FROM (
        SELECT c.commune_code FROM claim c WHERE c.cpts_id = ANY (departments_of_cpts.asked)
        UNION
        SELECT p.commune_code FROM planned_change p
        WHERE p.cpts_id = ANY (departments_of_cpts.asked)
        UNION
        SELECT r.commune_code FROM refused_claim r
        WHERE r.cpts_id = ANY (departments_of_cpts.asked)
    ) held
    JOIN commune m ON m.code = held.commune_code;
END;

-- Before each statement on a table of answers. Without an argument whatever changes may be seen
-- everywhere: so it is for the geography, the vocabularies and scales, and for a table that
-- nobody has thought about. With one, the statement's own rows are marked after it, and those of
-- letters nowhere: only answers that depend on the whole registry tell of letters.
CREATE OR REPLACE FUNCTION advance_registry_revision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    UPDATE registry_revision SET revision = revision + 1, changed_at = clock_timestamp();
    IF TG_NARGS = 0 OR TG_OP = 'TRUNCATE' THEN
        PERFORM mark('everywhere', ARRAY['']);
    END IF;
    RETURN NULL;
END $$;

-- After a statement: marks the places of the CPTS, the communes or the departments that its rows
-- name. Arguments: what a column names and the column, as often as there are such columns.
CREATE FUNCTION mark_places_of_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    written text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT * FROM new_rows'
        WHEN 'DELETE' THEN 'SELECT * FROM old_rows'
        ELSE 'SELECT * FROM new_rows UNION ALL SELECT * FROM old_rows'
    END;
    named text[];
    places text[] := '{}';
    is_written boolean := false;
BEGIN
    FOR n IN 0 .. TG_NARGS - 1 BY 2 LOOP
        EXECUTE format(
            'SELECT array_agg(DISTINCT CAST(w.%1$I AS text)) FROM (%2$s) w WHERE w.%1$I IS NOT NULL',
            TG_ARGV[n + 1], written) INTO named;
        CONTINUE WHEN named IS NULL;
        is_written := true;
        places := places || CASE TG_ARGV[n]
            WHEN 'cpts' THEN ARRAY(SELECT departments_of_cpts(CAST(named AS bigint[])))
            WHEN 'commune' THEN
                ARRAY(SELECT DISTINCT c.department_code FROM commune c WHERE c.code = ANY (named))
            WHEN 'department' THEN named
            WHEN 'region' THEN
                ARRAY(SELECT d.code FROM department d WHERE d.region_code = ANY (named))
        END;
    END LOOP;
    IF is_written THEN
        PERFORM mark_departments(places);
    END IF;
    RETURN NULL;
END $$;

-- Every page says whether some CPTS are fictitious.
CREATE FUNCTION mark_demonstration() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    turned boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        turned := EXISTS (SELECT FROM new_rows n WHERE n.demonstration) AND NOT EXISTS (
            SELECT FROM cpts c WHERE c.demonstration AND c.id NOT IN (SELECT n.id FROM new_rows n));
    ELSIF TG_OP = 'DELETE' THEN
        turned := EXISTS (SELECT FROM old_rows o WHERE o.demonstration)
            AND NOT EXISTS (SELECT FROM cpts c WHERE c.demonstration);
    ELSE
        turned := EXISTS (
            SELECT FROM new_rows n JOIN old_rows o ON o.id = n.id
            WHERE n.demonstration <> o.demonstration);
    END IF;
    IF turned THEN
        PERFORM mark('everywhere', ARRAY['']);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION mark_completeness() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM mark('completeness', ARRAY['']);
    RETURN NULL;
END $$;

DO $$
DECLARE
    definer text;
    place record;
    event record;
    watched text;
BEGIN
    -- Whoever calls them, they name the tables of this schema.
    FOREACH definer IN ARRAY ARRAY['mark(text, text[])', 'mark_departments(text[])',
        'advance_registry_revision()', 'mark_places_of_rows()', 'mark_demonstration()',
        'mark_completeness()']
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', definer, current_schema());
    END LOOP;
    -- Marks are not for everybody to write.
    REVOKE EXECUTE ON FUNCTION mark(text, text[]), mark_departments(text[]) FROM PUBLIC;

    FOR place IN SELECT * FROM (VALUES
        ('cpts', '''cpts'', ''id'''),
        ('cpts_stage', '''cpts'', ''cpts_id'''),
        ('cpts_theme', '''cpts'', ''cpts_id'''),
        ('cpts_sheet', '''cpts'', ''cpts_id'''),
        ('cpts_action', '''cpts'', ''cpts_id'''),
        ('claim', '''cpts'', ''cpts_id'', ''commune'', ''commune_code'''),
        ('planned_change', '''cpts'', ''cpts_id'', ''commune'', ''commune_code'''),
        ('refused_claim', '''cpts'', ''cpts_id'', ''commune'', ''commune_code'''),
        ('department_completeness', '''department'', ''department_code'''),
        ('institution_contact',
            '''region'', ''region_code'', ''department'', ''department_code''')
    ) AS p (name, arguments)
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %I', 'aa_' || place.name || '_revision', place.name);
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION advance_registry_revision(''places'')',
            'aa_' || place.name || '_revision', place.name);
        FOR event IN SELECT * FROM (VALUES
            ('INSERT', 'NEW TABLE AS new_rows'),
            ('UPDATE', 'OLD TABLE AS old_rows NEW TABLE AS new_rows'),
            ('DELETE', 'OLD TABLE AS old_rows')) AS e (name, rows)
        LOOP
            EXECUTE format(
                'CREATE TRIGGER %I AFTER %s ON %I REFERENCING %s '
                'FOR EACH STATEMENT EXECUTE FUNCTION mark_places_of_rows(%s)',
                place.name || '_marks_' || lower(event.name), event.name, place.name, event.rows,
                place.arguments);
            IF place.name = 'cpts' THEN
                EXECUTE format(
                    'CREATE TRIGGER %I AFTER %s ON cpts REFERENCING %s '
                    'FOR EACH STATEMENT EXECUTE FUNCTION mark_demonstration()',
                    'cpts_demonstration_' || lower(event.name), event.name, event.rows);
            END IF;
        END LOOP;
    END LOOP;
    CREATE TRIGGER department_completeness_marked
        AFTER INSERT OR UPDATE OR DELETE ON department_completeness
        FOR EACH STATEMENT EXECUTE FUNCTION mark_completeness();

    FOREACH watched IN ARRAY ARRAY[
        'letter', 'letter_commune', 'letter_theme', 'letter_absorbed_cpts', 'letter_position',
        'letter_event', 'conciliation', 'conciliation_letter', 'conciliation_cpts',
        'conciliation_commune', 'conciliation_settlement']
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %I', 'aa_' || watched || '_revision', watched);
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION advance_registry_revision(''letters'')',
            'aa_' || watched || '_revision', watched);
    END LOOP;
END $$;
