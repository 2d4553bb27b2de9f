-- The words of a text, each once, without those that French does not search by unless there are
-- no others; of each, the themes whose names have it and, for members, who wrote it.
WITH given AS MATERIALIZED (
    SELECT w.word, w.query, numnode(w.query) > 0 AS says, min(w.n) AS n
    FROM (
        SELECT u.word, u.n, to_tsquery('directory_french', u.word || ':*') AS query
        FROM unnest(string_to_array(search_key(CAST(:text AS text)), ' '))
            WITH ORDINALITY AS u (word, n)
        WHERE u.word <> ''
    ) w
    -- As many as anybody means.
    GROUP BY w.word, w.query ORDER BY n LIMIT 12
)
SELECT
    g.word,
    coalesce((SELECT array_agg(h.slug) FROM theme h
              WHERE to_tsvector('directory_french', h.label) @@ g.query), '{}') AS themes,
    coalesce((SELECT array_agg(e.cpts_id) FROM directory_entry e
              WHERE :members AND e.words @@ g.query), '{}') AS written
FROM given g
WHERE g.says OR NOT EXISTS (SELECT FROM given o WHERE o.says)
ORDER BY g.n
