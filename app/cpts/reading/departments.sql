SELECT '[' || string_agg(row_to_json(d)::text, ',' ORDER BY d.code) || ']'
FROM (
    SELECT code, name, region_code AS region
    FROM department
    WHERE CAST(:regions AS text[]) IS NULL OR region_code = ANY (CAST(:regions AS text[]))
) d
