-- Of words that nothing begins with: whose name, communes, themes or texts have one like it.
WITH astray AS MATERIALIZED (
    SELECT a.word, (tsvector_to_array(to_tsvector('directory_french', a.word)))[1] AS stem
    FROM unnest(CAST(:words AS text[])) AS a (word)
)
SELECT
    a.word,
    coalesce((SELECT array_agg(c.id) FROM cpts c WHERE a.word <% c.search_words), '{}') AS named,
    coalesce((
        SELECT array_agg(DISTINCT h.cpts_id)
        FROM claim h
        WHERE h.held @> CAST(:day AS date) AND h.commune_code IN (
            SELECT m.commune_code FROM commune_name m WHERE a.word <% m.key)
    ), '{}') AS communes,
    coalesce((
        SELECT array_agg(DISTINCT h.slug)
        FROM theme h
        CROSS JOIN LATERAL unnest(tsvector_to_array(to_tsvector('directory_french', h.label))) l
        WHERE similarity(l, a.stem) >= 0.4
    ), '{}') AS themes,
    coalesce((
        SELECT array_agg(e.cpts_id)
        FROM directory_entry e
        WHERE :members AND e.words @@ (
            SELECT CAST(string_agg(quote_literal(d.word), ' | ') AS tsquery)
            FROM (
                SELECT w.word FROM directory_word w
                WHERE w.word % a.stem AND similarity(w.word, a.stem) >= 0.35
                ORDER BY similarity(w.word, a.stem) DESC, w.word LIMIT 5
            ) d)
    ), '{}') AS written
FROM astray a
