-- A CPTS has a stage on every day on which it holds a commune.

-- Where that was not so, its first stage is dated back to its first day with a commune: a CPTS that
-- held communes was known by then. One without any stage was a dynamic.
CREATE TEMPORARY TABLE repaired ON COMMIT DROP AS
SELECT h.cpts_id, h.first_day, s.stage_slug,
       (SELECT coalesce(jsonb_object_agg(t.stage_slug, t.since), '{}')
        FROM cpts_stage t WHERE t.cpts_id = h.cpts_id) AS before
FROM (SELECT c.cpts_id, min(lower(c.held)) AS first_day FROM claim c GROUP BY c.cpts_id) h
LEFT JOIN LATERAL (
    SELECT t.stage_slug, t.since
    FROM cpts_stage t JOIN stage g ON g.slug = t.stage_slug
    WHERE t.cpts_id = h.cpts_id
    ORDER BY t.since, g.rank
    LIMIT 1
) s ON true
WHERE s.since IS NULL OR s.since > h.first_day;

UPDATE cpts_stage t SET since = r.first_day
FROM repaired r WHERE t.cpts_id = r.cpts_id AND t.stage_slug = r.stage_slug;

INSERT INTO cpts_stage (cpts_id, stage_slug, since)
SELECT r.cpts_id, 'dynamique_identifiee', r.first_day FROM repaired r WHERE r.stage_slug IS NULL;

UPDATE cpts p SET started_on = least(p.started_on, r.first_day), updated_at = clock_timestamp()
FROM repaired r WHERE p.id = r.cpts_id;

INSERT INTO cpts_change (cpts_id, revision, action, actor, reason, before, after)
SELECT r.cpts_id, v.revision, 'updated', 'mise à niveau de la base',
       'un stade pour chaque jour où la CPTS tient une commune',
       jsonb_build_object('stages', r.before),
       jsonb_build_object('stages', (SELECT jsonb_object_agg(t.stage_slug, t.since)
                                     FROM cpts_stage t WHERE t.cpts_id = r.cpts_id))
FROM repaired r CROSS JOIN registry_revision v;

-- Judged at the end of the transaction: stages and claims may be written in either order.
CREATE FUNCTION check_claim_has_stage() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM claim c
        WHERE c.id = NEW.id AND NOT EXISTS (
            SELECT FROM cpts_stage s WHERE s.cpts_id = c.cpts_id AND s.since <= lower(c.held)))
    THEN
        RAISE EXCEPTION 'CPTS % would hold a commune before its first stage', NEW.cpts_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_has_stage', TABLE = 'claim';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER claim_has_stage AFTER INSERT OR UPDATE OF cpts_id, held ON claim
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_claim_has_stage();

CREATE FUNCTION check_stage_covers_claims() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM claim c
        WHERE c.cpts_id = OLD.cpts_id AND NOT EXISTS (
            SELECT FROM cpts_stage s WHERE s.cpts_id = c.cpts_id AND s.since <= lower(c.held)))
    THEN
        RAISE EXCEPTION 'CPTS % would hold a commune before its first stage', OLD.cpts_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_has_stage', TABLE = 'cpts_stage';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER cpts_stage_covers_claims AFTER UPDATE OR DELETE ON cpts_stage
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_stage_covers_claims();
