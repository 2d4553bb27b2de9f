-- Whose contacts may be shown: those seen on that day already, and as many others as are left.
WITH seen AS (
    SELECT v.cpts_id FROM contact_view v WHERE v.viewer_id = :viewer AND v.seen_on = CAST(:day AS date)
), fresh AS (
    INSERT INTO contact_view (viewer_id, seen_on, cpts_id)
    SELECT :viewer, CAST(:day AS date), a.id
    FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS a (id, position)
    WHERE a.id NOT IN (SELECT s.cpts_id FROM seen s)
    ORDER BY a.position
    LIMIT greatest(0, :per_day - (SELECT count(*) FROM seen))
    ON CONFLICT DO NOTHING
    RETURNING cpts_id
)
SELECT f.cpts_id FROM fresh f
UNION ALL
SELECT s.cpts_id FROM seen s WHERE s.cpts_id = ANY (CAST(:ids AS bigint[]))
