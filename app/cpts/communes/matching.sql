-- The communes that a search finds, with the rank of their best name or code; all of them, at
-- one rank, without a search.
SELECT c.code, 0 AS rank FROM commune c
WHERE CAST(:everything AS boolean)
UNION ALL
SELECT n.commune_code, min(CASE
    WHEN n.key = :key AND n.kind IN ('current', 'city') THEN 1
    WHEN n.key LIKE :start AND n.kind IN ('current', 'city') THEN 2
    WHEN n.key = :key THEN 3
    WHEN n.key LIKE :start THEN 4
    WHEN n.kind IN ('current', 'city') THEN 5
    ELSE 6 END)
FROM commune_name n
WHERE CAST(:named AS boolean)
  AND n.key LIKE :anchor
  AND NOT EXISTS (SELECT FROM unnest(CAST(:words AS text[])) AS w (word)
                  WHERE ' ' || n.key NOT LIKE '% ' || w.word || '%')
GROUP BY n.commune_code
UNION ALL
SELECT p.commune_code, 1 FROM commune_postcode p
WHERE CAST(:digits AS text) IS NOT NULL AND p.postcode LIKE :digits || '%'
UNION ALL
SELECT c.code, 0 FROM commune c WHERE c.code = :code
UNION ALL
SELECT f.commune_code, 3 FROM former_commune f WHERE f.code = :code
UNION ALL
SELECT t.code, 0 FROM commune t WHERE t.city_code = :code
