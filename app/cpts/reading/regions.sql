SELECT '[' || string_agg(row_to_json(r)::text, ',' ORDER BY r.code) || ']'
FROM (SELECT code, name FROM region) r
