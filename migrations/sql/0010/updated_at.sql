-- When a CPTS was last changed is true for whoever asks for what has changed since: later than
-- what others have committed before, whoever wrote, and whatever it was that changed.

-- Under the registry's lock, which a transaction may have waited for since its beginning.
ALTER TABLE cpts ALTER COLUMN updated_at SET DEFAULT clock_timestamp();

-- What was recorded changes by the calendar too: a stage, a territory, a population of a day that
-- was to come is there since that day began. Days are those up to the one given, today. Of a table
-- function the planner takes the body, so that some CPTS, or all, are one statement.
CREATE FUNCTION cpts_updated_at(today date)
RETURNS TABLE (cpts_id bigint, updated_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        e.cpts_id,
        greatest(max(e.recorded), CAST(max(e.day) AS timestamp) AT TIME ZONE 'Europe/Paris')
    FROM (
        SELECT
            c.id AS cpts_id, c.updated_at AS recorded,
            CASE
                WHEN c.ended_on <= cpts_updated_at.today THEN c.ended_on
                WHEN c.started_on <= cpts_updated_at.today THEN c.started_on
            END AS day
        FROM cpts c
        UNION ALL
        SELECT s.cpts_id, NULL, s.known_from
        FROM cpts_stage s WHERE s.known_from <= cpts_updated_at.today
        UNION ALL
        SELECT
            t.cpts_id, NULL,
            CASE
                WHEN upper(t.held) <= cpts_updated_at.today THEN upper(t.held)
                WHEN lower(t.held) <= cpts_updated_at.today THEN lower(t.held)
            END
        FROM cpts_territory t
    ) e
    GROUP BY e.cpts_id;
END;

-- When the transaction under way first changed what is derived of a CPTS, if it did.
ALTER TABLE history_due ADD COLUMN derived_at timestamptz;

CREATE FUNCTION note_cpts_of_derived_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO history_due (cpts_id, derived_at)
        SELECT d.cpts_id, clock_timestamp() FROM (SELECT DISTINCT n.cpts_id FROM new_rows n) d
        ON CONFLICT (cpts_id) DO UPDATE
            SET derived_at = coalesce(history_due.derived_at, excluded.derived_at);
    ELSE
        INSERT INTO history_due (cpts_id, derived_at)
        SELECT d.cpts_id, clock_timestamp() FROM (SELECT DISTINCT o.cpts_id FROM old_rows o) d
        ON CONFLICT (cpts_id) DO UPDATE
            SET derived_at = coalesce(history_due.derived_at, excluded.derived_at);
    END IF;
    RETURN NULL;
END $$;

-- As before, and what the service has not dated itself is dated: what others wrote, and what a
-- geography, populations or a scale of tiers changed of a territory.
CREATE OR REPLACE FUNCTION record_what_is_due() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    due bigint[];
    derived jsonb;
    last_entry bigint;
    undated bigint[];
BEGIN
    WITH noted AS (DELETE FROM history_due d RETURNING d.cpts_id, d.derived_at)
    SELECT array_agg(n.cpts_id),
           jsonb_object_agg(n.cpts_id, n.derived_at) FILTER (WHERE n.derived_at IS NOT NULL)
    INTO due, derived FROM noted n;
    IF due IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(max(c.id), 0) INTO last_entry FROM cpts_change c;
    PERFORM record_unrecorded_changes(due, 'SQL : ' || session_user, 'écrit hors de l''application');
    SELECT array_agg(p.id) INTO undated
    FROM cpts p
    WHERE p.id = ANY (due)
      AND (EXISTS (SELECT FROM cpts_change c WHERE c.cpts_id = p.id AND c.id > last_entry)
           -- One that this transaction made is dated as it is.
           OR p.created_at < now()
              AND p.updated_at < CAST(derived ->> CAST(p.id AS text) AS timestamptz));
    IF undated IS NOT NULL THEN
        UPDATE cpts p SET updated_at = clock_timestamp() WHERE p.id = ANY (undated);
    END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    definer text;
BEGIN
    -- Whoever calls them, they name the tables of this schema.
    FOREACH definer IN ARRAY ARRAY['note_cpts_of_derived_rows()', 'record_what_is_due()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', definer, current_schema());
    END LOOP;
    CREATE TRIGGER cpts_territory_inserted_derived AFTER INSERT ON cpts_territory
        REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION note_cpts_of_derived_rows();
    CREATE TRIGGER cpts_territory_deleted_derived AFTER DELETE ON cpts_territory
        REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION note_cpts_of_derived_rows();
    CREATE TRIGGER cpts_territory_updated_derived AFTER UPDATE ON cpts_territory
        REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION note_cpts_of_derived_rows();
END $$;
