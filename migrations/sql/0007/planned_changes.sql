-- What a validated letter changes on a day to come. The claims hold it already; these rows say
-- which of their later beginnings and ends a letter has settled, so that no other change drops them.
CREATE TABLE planned_change (
    -- A number without a foreign key: the registry stands below letters, which are never deleted.
    letter_id bigint NOT NULL,
    cpts_id bigint NOT NULL
        CONSTRAINT planned_change_cpts_id_fkey REFERENCES cpts ON DELETE CASCADE,
    commune_code text NOT NULL
        CONSTRAINT planned_change_commune_code_fkey REFERENCES commune ON DELETE CASCADE,
    change text NOT NULL CONSTRAINT planned_change_change_check CHECK (change IN ('add', 'withdraw')),
    effective_on date NOT NULL,
    CONSTRAINT planned_change_pkey PRIMARY KEY (letter_id, cpts_id, commune_code)
);
CREATE INDEX planned_change_cpts_id_idx ON planned_change (cpts_id);
CREATE INDEX planned_change_commune_code_idx ON planned_change (commune_code);

CREATE TRIGGER aa_planned_change_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON planned_change
    FOR EACH STATEMENT EXECUTE FUNCTION advance_registry_revision();

-- What is planned for a commune that merges is planned for the one that it becomes, where that is
-- still so: the claims have been handed over before.
CREATE FUNCTION planned_changes_follow_commune() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO planned_change (letter_id, cpts_id, commune_code, change, effective_on)
    SELECT p.letter_id, p.cpts_id, f.commune_code, p.change, p.effective_on
    FROM planned_change p JOIN former_commune f ON f.code = OLD.code
    WHERE p.commune_code = OLD.code
      AND (p.change = 'add') = EXISTS (
          SELECT FROM claim c
          WHERE c.cpts_id = p.cpts_id AND c.commune_code = f.commune_code
            AND c.held @> p.effective_on)
    ON CONFLICT DO NOTHING;
    RETURN OLD;
END $$;
CREATE TRIGGER commune_planned_changes BEFORE DELETE ON commune
    FOR EACH ROW EXECUTE FUNCTION planned_changes_follow_commune();

-- Letters validated so far whose day has not come: what they changed and nothing has undone since.
WITH ahead AS (
    SELECT l.id, l.kind, l.resulting_cpts_id AS cpts_id, l.in_effect_from AS day
    FROM letter l
    WHERE l.state = 'validee' AND l.resulting_cpts_id IS NOT NULL
      AND l.in_effect_from > CAST(now() AT TIME ZONE 'Europe/Paris' AS date)
), party AS (
    SELECT a.id, a.kind, a.day, a.cpts_id, false AS absorbed FROM ahead a
    UNION ALL
    SELECT a.id, a.kind, a.day, b.cpts_id, true
    FROM ahead a JOIN letter_absorbed_cpts b ON b.letter_id = a.id
    WHERE b.cpts_id <> a.cpts_id
)
INSERT INTO planned_change (letter_id, cpts_id, commune_code, change, effective_on)
SELECT DISTINCT p.id, p.cpts_id, c.commune_code,
       CASE WHEN lower(c.held) = p.day THEN 'add' ELSE 'withdraw' END, p.day
FROM party p
JOIN claim c ON c.cpts_id = p.cpts_id
    AND (lower(c.held) = p.day AND upper_inf(c.held) OR upper(c.held) = p.day)
LEFT JOIN letter_commune l ON l.letter_id = p.id AND l.commune_code = c.commune_code
WHERE p.kind = 'merger' AND p.absorbed AND upper(c.held) = p.day
   OR p.kind = 'merger' AND NOT p.absorbed AND lower(c.held) = p.day
   OR l.part = 'asked' AND lower(c.held) = p.day
   OR l.part = 'withdrawn' AND upper(c.held) = p.day
   OR p.kind = 'creation' AND l.part IS NULL AND upper(c.held) = p.day;
