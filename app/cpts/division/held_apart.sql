-- The CPTS that hold, or held, some parts of a unit and not the others, with those parts.
WITH holding AS (
    SELECT p.unit_code, c.cpts_id, c.commune_code, range_agg(c.held) AS held
    FROM division_part p JOIN claim c ON c.commune_code = p.part_code
    WHERE p.division_id = :division
    GROUP BY p.unit_code, c.cpts_id, c.commune_code
)
SELECT k.name, array_agg(DISTINCT u.name ORDER BY u.name) AS parts
FROM holding h JOIN cpts k ON k.id = h.cpts_id JOIN commune u ON u.code = h.commune_code
GROUP BY h.unit_code, k.id, k.name
HAVING count(DISTINCT h.held) > 1 OR count(*) < (
    SELECT count(*) FROM division_part p
    WHERE p.division_id = :division AND p.unit_code = h.unit_code)
ORDER BY k.name
