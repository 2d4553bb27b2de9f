-- The history follows the registry whoever writes to it. What a transaction touches is noted by
-- triggers; at its commit the state of each CPTS touched is compared with what the history says
-- of it, and what the history does not say is recorded under the name of the session's user. The
-- service's own entries leave nothing to record.

-- The whole recorded state of CPTS: what the history compares. A later migration that gives it
-- another member calls record_unrecorded_changes() for all CPTS, or each of them gets an entry
-- when it is next touched.
CREATE FUNCTION cpts_state(asked bigint[]) RETURNS TABLE (id bigint, state jsonb)
LANGUAGE sql STABLE AS $$
    SELECT p.id, jsonb_build_object(
        'name', p.name, 'acronym', p.acronym, 'finess', p.finess, 'website', p.website,
        'email', p.email, 'phone', p.phone, 'address', p.address,
        'started_on', p.started_on, 'ended_on', p.ended_on,
        'stages', (SELECT coalesce(jsonb_object_agg(s.stage_slug, s.since), '{}')
                   FROM cpts_stage s WHERE s.cpts_id = p.id),
        'themes', (SELECT coalesce(jsonb_agg(t.theme_slug ORDER BY t.theme_slug), '[]')
                   FROM cpts_theme t WHERE t.cpts_id = p.id),
        'claims', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'communes', h.communes, 'from', lower(h.held), 'until', upper(h.held)
                       ) ORDER BY h.held), '[]')
                   FROM (SELECT c.held,
                                array_agg(c.commune_code ORDER BY c.commune_code) AS communes
                         FROM claim c WHERE c.cpts_id = p.id GROUP BY c.held) h)
    )
    FROM cpts p WHERE p.id = ANY (asked)
$$;

-- The state of a CPTS as its history tells it: of each member, the last word. Null without any.
CREATE FUNCTION recorded_state(asked bigint) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    -- Of two values under one key the later one stays.
    SELECT jsonb_object_agg(m.key, m.value ORDER BY c.id)
    FROM cpts_change c CROSS JOIN LATERAL jsonb_each(c.after) AS m
    WHERE c.cpts_id = asked
$$;

CREATE FUNCTION record_unrecorded_changes(asked bigint[], by_whom text, why text) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO cpts_change (cpts_id, revision, action, actor, reason, before, after)
    SELECT d.id, r.revision,
        CASE WHEN NOT d.known THEN 'created'
             WHEN d.after ->> 'ended_on' IS NOT NULL THEN 'ended'
             WHEN d.after ? 'claims' AND d.after - 'claims' = '{}' THEN 'territory'
             ELSE 'updated' END,
        by_whom, why, d.before, d.after
    FROM (
        SELECT s.id,
            EXISTS (SELECT FROM cpts_change c WHERE c.cpts_id = s.id) AS known,
            CASE WHEN w.recorded IS NOT NULL
                 THEN jsonb_object_agg(m.key, w.recorded -> m.key) END AS before,
            jsonb_object_agg(m.key, m.value) AS after
        FROM cpts_state(asked) s
        CROSS JOIN LATERAL (SELECT recorded_state(s.id) AS recorded) w
        CROSS JOIN LATERAL jsonb_each(s.state) m
        WHERE w.recorded -> m.key IS DISTINCT FROM m.value
        GROUP BY s.id, w.recorded
    ) d
    CROSS JOIN registry_revision r
    ORDER BY d.id
$$;

-- The CPTS touched by transactions under way; writers of the registry queue, so rows of one
-- transaction are there at a time, and none outlives its commit.
CREATE UNLOGGED TABLE history_due (
    cpts_id bigint NOT NULL,
    CONSTRAINT history_due_pkey PRIMARY KEY (cpts_id)
);

CREATE FUNCTION note_touched_cpts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO history_due SELECT DISTINCT n.id FROM new_rows n ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO history_due SELECT DISTINCT o.id FROM old_rows o ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION note_cpts_of_touched_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO history_due SELECT DISTINCT o.cpts_id FROM old_rows o ON CONFLICT DO NOTHING;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO history_due SELECT DISTINCT n.cpts_id FROM new_rows n ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION note_every_cpts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO history_due SELECT p.id FROM cpts p ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

-- The first of a transaction's rows answers for all of them.
CREATE FUNCTION record_what_is_due() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    due bigint[];
BEGIN
    WITH noted AS (DELETE FROM history_due d RETURNING d.cpts_id)
    SELECT array_agg(n.cpts_id) INTO due FROM noted n;
    IF due IS NOT NULL THEN
        PERFORM record_unrecorded_changes(due, 'SQL : ' || session_user, 'écrit hors de l''application');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER history_due_at_commit AFTER INSERT ON history_due
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION record_what_is_due();

-- What is on record stays: only the token of an entry may be forgotten, and the history of a
-- CPTS or letter goes with it.
CREATE FUNCTION refuse_to_change_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.actor_token_id IS NULL
           AND to_jsonb(NEW) - 'actor_token_id' = to_jsonb(OLD) - 'actor_token_id' THEN
            RETURN NEW;
        END IF;
    ELSIF TG_TABLE_NAME = 'cpts_change' THEN
        IF NOT EXISTS (SELECT FROM cpts p WHERE p.id = OLD.cpts_id) THEN
            RETURN OLD;
        END IF;
    ELSIF NOT EXISTS (SELECT FROM letter l WHERE l.id = OLD.letter_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the history (%) is neither changed nor deleted', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER cpts_change_guard BEFORE UPDATE OR DELETE ON cpts_change
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_history();
CREATE TRIGGER letter_event_guard BEFORE UPDATE OR DELETE ON letter_event
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_history();

CREATE FUNCTION refuse_to_delete_what_has_a_history() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'cpts' THEN
        IF OLD.demonstration THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'what has a history (%) is ended, not deleted', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER cpts_guard BEFORE DELETE ON cpts
    FOR EACH ROW EXECUTE FUNCTION refuse_to_delete_what_has_a_history();
CREATE TRIGGER letter_guard BEFORE DELETE ON letter
    FOR EACH ROW EXECUTE FUNCTION refuse_to_delete_what_has_a_history();

-- From this entry on `./cpts db verify` asks that each entry begin where the one before ended;
-- before it, SQL could change the registry unrecorded.
ALTER TABLE registry_revision ADD COLUMN history_chained_after bigint NOT NULL DEFAULT 0;

DO $$
DECLARE
    touched text;
    definer text;
BEGIN
    -- What the former versions left unrecorded.
    PERFORM record_unrecorded_changes(ARRAY(SELECT p.id FROM cpts p), 'mise à jour du schéma',
        'état constaté lors de la mise à jour');
    UPDATE registry_revision SET history_chained_after = coalesce((SELECT max(c.id) FROM cpts_change c), 0);

    -- Whoever calls them, they name the tables of this schema.
    FOREACH definer IN ARRAY ARRAY[
        'note_touched_cpts()', 'note_cpts_of_touched_rows()', 'note_every_cpts()',
        'record_what_is_due()', 'refuse_to_change_history()']
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', definer, current_schema());
    END LOOP;

    CREATE TRIGGER cpts_inserted_history AFTER INSERT ON cpts
        REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION note_touched_cpts();
    CREATE TRIGGER cpts_updated_history AFTER UPDATE ON cpts
        REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION note_touched_cpts();
    FOREACH touched IN ARRAY ARRAY['cpts_stage', 'cpts_theme', 'claim', 'cpts_change'] LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION note_cpts_of_touched_rows()',
            touched || '_inserted_history', touched);
        CONTINUE WHEN touched = 'cpts_change';
        EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I '
            'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION note_cpts_of_touched_rows()',
            touched || '_updated_history', touched);
        EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS old_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION note_cpts_of_touched_rows()',
            touched || '_deleted_history', touched);
        EXECUTE format('CREATE TRIGGER %I AFTER TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION note_every_cpts()',
            touched || '_truncated_history', touched);
    END LOOP;
END $$;
