-- The communes that have a name with all these beginnings of words, and how good the best is.
SELECT n.commune_code AS code, min(CASE
    WHEN n.key = :key AND n.kind IN ('current', 'city') THEN 1
    WHEN n.key LIKE :start AND n.kind IN ('current', 'city') THEN 2
    WHEN n.key = :key THEN 3
    WHEN n.key LIKE :start THEN 4
    WHEN n.kind IN ('current', 'city') THEN 5
    ELSE 6 END) AS rank
FROM commune_name n
WHERE n.key LIKE :anchor
  AND NOT EXISTS (SELECT FROM unnest(CAST(:words AS text[])) AS w (word)
                  WHERE ' ' || n.key NOT LIKE '% ' || w.word || '%')
GROUP BY n.commune_code
