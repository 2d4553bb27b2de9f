-- The letters that name some parts of a unit and not the others, or not in the same way.
SELECT g.name, array_agg(DISTINCT u.name ORDER BY u.name) AS parts
FROM division_part p
JOIN letter_commune l ON l.commune_code = p.part_code
JOIN letter g ON g.id = l.letter_id
JOIN commune u ON u.code = p.part_code
WHERE p.division_id = :division
GROUP BY p.unit_code, g.id, g.name
HAVING count(DISTINCT l.part) > 1 OR count(*) < (
    SELECT count(*) FROM division_part q
    WHERE q.division_id = :division AND q.unit_code = p.unit_code)
ORDER BY g.name
