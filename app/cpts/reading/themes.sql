SELECT '[' || string_agg(row_to_json(t)::text, ',' ORDER BY e.rank) || ']'
FROM theme e
JOIN mission m ON m.slug = e.mission_slug
CROSS JOIN LATERAL (
    SELECT e.slug, e.label, e.mission_slug AS mission, m.label AS mission_label,
        m.optional AS mission_optional
) t
