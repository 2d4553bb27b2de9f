-- What CPTS wrote on their sheets; one that wrote nothing has an empty one.
SELECT a.id, CAST(json_build_object(
    'members_count', s.members_count,
    'presentation', coalesce(s.presentation, ''),
    'confirmed_on', s.confirmed_on,
    'actions', coalesce((
        SELECT json_agg(json_build_object(
            'theme', k.theme_slug, 'theme_label', h.label, 'mission', h.mission_slug,
            'state', k.state, 'year', k.year, 'text', k.text, 'links', k.links
            ) ORDER BY k.position, k.id)
        FROM cpts_action k JOIN theme h ON h.slug = k.theme_slug WHERE k.cpts_id = a.id
    ), '[]')) AS text) AS sheet
FROM unnest(CAST(:ids AS bigint[])) AS a (id)
LEFT JOIN cpts_sheet s ON s.cpts_id = a.id
