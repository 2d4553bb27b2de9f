-- What the directory searches of each CPTS, worked out anew: what of it is stored otherwise.
WITH acted AS (
    SELECT
        k.cpts_id, string_agg(k.text, ' ' ORDER BY k.position, k.id) AS texts,
        array_agg(DISTINCT k.theme_slug) AS themes,
        array_agg(DISTINCT k.theme_slug) FILTER (WHERE k.state = 'en_projet') AS planned,
        array_agg(DISTINCT k.theme_slug) FILTER (WHERE k.state = 'en_cours') AS current,
        array_agg(DISTINCT k.theme_slug) FILTER (WHERE k.state = 'realise') AS done
    FROM cpts_action k GROUP BY k.cpts_id
), declared AS (
    SELECT d.cpts_id, array_agg(d.theme_slug ORDER BY d.theme_slug) AS themes
    FROM cpts_theme d GROUP BY d.cpts_id
), compared AS (
    SELECT
        p.id,
        coalesce(e.words, '') = to_tsvector(
            'directory_french', concat_ws(' ', s.presentation, a.texts)) AS words,
        coalesce(e.declared_themes, '{}') = coalesce(d.themes, '{}') AS declared,
        coalesce(e.themes, '{}') = ARRAY(
            SELECT unnest(d.themes) UNION SELECT unnest(a.themes) ORDER BY 1) AS themes,
        coalesce(e.planned_themes, '{}') = coalesce(a.planned, '{}') AS planned,
        coalesce(e.current_themes, '{}') = coalesce(a.current, '{}') AS current,
        coalesce(e.done_themes, '{}') = coalesce(a.done, '{}') AS done
    FROM cpts p
    LEFT JOIN directory_entry e ON e.cpts_id = p.id
    LEFT JOIN cpts_sheet s ON s.cpts_id = p.id
    LEFT JOIN acted a ON a.cpts_id = p.id
    LEFT JOIN declared d ON d.cpts_id = p.id
)
SELECT c.id, array_remove(ARRAY[
    CASE WHEN NOT c.words THEN 'mots' END,
    CASE WHEN NOT c.declared THEN 'thèmes déclarés' END,
    CASE WHEN NOT c.themes THEN 'thèmes' END,
    CASE WHEN NOT c.planned THEN 'thèmes en projet' END,
    CASE WHEN NOT c.current THEN 'thèmes en cours' END,
    CASE WHEN NOT c.done THEN 'thèmes réalisés' END], NULL) AS astray
FROM compared c
WHERE NOT (c.words AND c.declared AND c.themes AND c.planned AND c.current AND c.done)
ORDER BY c.id
