-- The stages that the CPTS of a row `c` had reached on a day, as published files write them.
SELECT string_agg(
    concat_ws(':', k.stage_slug, coalesce(k.since::text, ''), k.recorded_on), '|'
    ORDER BY e.rank)
FROM cpts_stage k JOIN stage e ON e.slug = k.stage_slug
WHERE k.cpts_id = c.id AND k.known_from <= CAST(:day AS date)
