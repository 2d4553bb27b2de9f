SELECT '[' || string_agg(row_to_json(s)::text, ',' ORDER BY s.rank) || ']'
FROM (SELECT slug, rank, label, meaning FROM stage) s
