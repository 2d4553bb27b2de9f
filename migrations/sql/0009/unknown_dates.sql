-- A stage whose date nobody gave has none; the day on which it came to be known is kept beside.
-- squawk-ignore ban-drop-not-null
ALTER TABLE cpts_stage ALTER COLUMN since DROP NOT NULL;
ALTER TABLE cpts_stage ADD COLUMN recorded_on date;

-- The history names the first change that knew of a stage; what upgrades wrote down, or found to
-- be missing in it, tells nothing of when that was.
UPDATE cpts_stage t SET recorded_on = coalesce(
    (SELECT CAST(min(h.changed_at) AT TIME ZONE 'Europe/Paris' AS date)
     FROM cpts_change h
     WHERE h.cpts_id = t.cpts_id AND h.after -> 'stages' ? t.stage_slug
       AND h.actor NOT LIKE 'SQL : %'
       AND h.actor NOT IN ('mise à niveau de la base', 'mise à jour du schéma')),
    (SELECT CAST(p.created_at AT TIME ZONE 'Europe/Paris' AS date)
     FROM cpts p WHERE p.id = t.cpts_id));
-- A table with checks still to come cannot be altered.
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;

ALTER TABLE cpts_stage
    ALTER COLUMN recorded_on SET DEFAULT CAST(now() AT TIME ZONE 'Europe/Paris' AS date);
-- squawk-ignore adding-not-nullable-field
ALTER TABLE cpts_stage ALTER COLUMN recorded_on SET NOT NULL;
-- What a day is asked by: without a date of its own a stage counts from when it was known.
ALTER TABLE cpts_stage ADD COLUMN known_from date NOT NULL
    -- squawk-ignore adding-field-with-default
    GENERATED ALWAYS AS (coalesce(since, recorded_on)) STORED;

-- The stage of a day is the most advanced one that is known by then: stages only advance, and of
-- two the earlier one may have come to be known later.
-- Only the service reads it, and is upgraded with it.
-- squawk-ignore ban-drop-function
DROP FUNCTION cpts_stage_on(bigint, date);
CREATE FUNCTION cpts_stage_on(asked_cpts bigint, asked_day date)
RETURNS TABLE (slug text, rank smallint, label text, since date, recorded_on date)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.slug, s.rank, s.label, t.since, t.recorded_on
    FROM cpts_stage t JOIN stage s ON s.slug = t.stage_slug
    WHERE t.cpts_id = asked_cpts AND t.known_from <= asked_day
    ORDER BY s.rank DESC
    LIMIT 1;
END;

CREATE OR REPLACE FUNCTION check_claim_has_stage() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM claim c
        WHERE c.id = NEW.id AND NOT EXISTS (
            SELECT FROM cpts_stage s
            WHERE s.cpts_id = c.cpts_id AND s.known_from <= lower(c.held)))
    THEN
        RAISE EXCEPTION 'CPTS % would hold a commune before its first stage', NEW.cpts_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_has_stage', TABLE = 'claim';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION check_stage_covers_claims() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM claim c
        WHERE c.cpts_id = OLD.cpts_id AND NOT EXISTS (
            SELECT FROM cpts_stage s
            WHERE s.cpts_id = c.cpts_id AND s.known_from <= lower(c.held)))
    THEN
        RAISE EXCEPTION 'CPTS % would hold a commune before its first stage', OLD.cpts_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_has_stage', TABLE = 'cpts_stage';
    END IF;
    RETURN NULL;
END $$;
