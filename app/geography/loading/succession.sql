-- Where the communes that are no longer in the list have gone.
CREATE TEMPORARY TABLE vanished ON COMMIT DROP AS
SELECT c.code, c.name, array_agg(f.commune_code ORDER BY f.commune_code)
       FILTER (WHERE f.commune_code IS NOT NULL) AS successors
FROM commune c
LEFT JOIN new_former f ON f.code = c.code
WHERE NOT EXISTS (SELECT FROM new_commune n WHERE n.code = c.code)
GROUP BY c.code, c.name;

-- The claims as they will stand: those of a vanished commune go to its only successor, for the
-- same days, and periods of one CPTS that meet or overlap become one.
CREATE TEMPORARY TABLE succeeding_claim ON COMMIT DROP AS
WITH move AS (
    SELECT v.code, v.successors[1] AS successor
    FROM vanished v WHERE cardinality(v.successors) = 1
), concerned AS (
    -- A commune that goes into a divided one becomes a part of it, which begins with the others.
    SELECT c.id, c.cpts_id, coalesce(m.successor, c.commune_code) AS commune_code,
           CASE WHEN n.kind = 'part' THEN c.held * n.in_force ELSE c.held END AS held,
           m.code IS NOT NULL AS moves
    FROM claim c LEFT JOIN move m ON m.code = c.commune_code
    LEFT JOIN new_commune n ON n.code = m.successor
    WHERE m.code IS NOT NULL OR c.commune_code IN (
        SELECT m.successor FROM move m JOIN claim o ON o.commune_code = m.code)
)
SELECT o.cpts_id, o.commune_code, unnest(range_agg(o.held)) AS held, array_agg(o.id) AS replaced
FROM concerned o
GROUP BY o.cpts_id, o.commune_code
HAVING bool_or(o.moves);
