-- The parts of the registry that a question is about, with the last change that was seen in each,
-- and what of the question led to them (`named`); and the revision of the same snapshot.
WITH unit AS (
    SELECT c.code, c.department_code
    FROM commune c
    WHERE c.code = :commune OR c.city_code = :commune
        OR c.code IN (SELECT f.commune_code FROM former_commune f WHERE f.code = :commune)
), drawn AS (
    -- More than the window of `app.cpts.drawing`, with room for what a grid shifts.
    SELECT ST_Envelope(ST_Collect(c.geom)) AS box
    FROM commune c
    WHERE c.code IN (SELECT u.code FROM unit u) AND CAST(:with_surroundings AS boolean)
), window_of AS (
    SELECT ST_Expand(
        box,
        3 * greatest(ST_XMax(box) - ST_XMin(box), ST_YMax(box) - ST_YMin(box)) + 0.2,
        1.5 * greatest(ST_XMax(box) - ST_XMin(box), ST_YMax(box) - ST_YMin(box)) + 0.2) AS box
    FROM drawn
), place AS (
    SELECT 'region' AS level, r.code, 'region ' || r.code AS named
    FROM region r WHERE r.code = ANY (CAST(:regions AS text[]))
    UNION
    SELECT 'department', d.code, 'department ' || d.code
    FROM department d WHERE d.code = ANY (CAST(:departments AS text[]))
    UNION
    SELECT 'department', d.code, 'cpts ' || CAST(:cpts AS bigint)
    FROM departments_of_cpts(ARRAY[CAST(:cpts AS bigint)]) AS d (code)
    UNION
    SELECT 'department', u.department_code, 'commune ' || :commune FROM unit u
    UNION
    SELECT 'department', c.department_code, 'commune ' || :commune
    FROM window_of w JOIN commune c ON c.geom && w.box
    UNION
    SELECT p.level, '', p.level FROM unnest(CAST(:parts AS text[])) AS p (level)
)
SELECT r.revision, r.changed_at, p.level, p.code, p.named,
    m.revision AS marked, m.changed_at AS marked_at
FROM registry_revision r
LEFT JOIN place p ON true
LEFT JOIN registry_mark m ON m.level = p.level AND m.code = p.code
ORDER BY p.level, p.code
