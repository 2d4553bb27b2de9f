-- Population and communes held by a CPTS at one of the stages that count, at the end of each month
-- (on the last day asked for in its month). The population is that in force on the last day, so
-- that a change over time is one of the deployment. Stages without a date are left out.
WITH moment AS (
    SELECT CAST(m AS date) AS month,
        least(CAST(m + interval '1 month' - interval '1 day' AS date), CAST(:day AS date)) AS day
    FROM generate_series(date_trunc('month', CAST(:first AS timestamp)), CAST(:day AS timestamp),
                         interval '1 month') m
), period AS (
    SELECT t.cpts_id, t.stage_slug, greatest(t.known_from, c.started_on) AS began, t.since,
        least(c.ended_on, min(t.known_from) OVER (
            PARTITION BY t.cpts_id ORDER BY s.rank
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)) AS until
    FROM cpts_stage t
    JOIN stage s ON s.slug = t.stage_slug
    JOIN cpts c ON c.id = t.cpts_id
), inhabitants AS (
    SELECT DISTINCT ON (v.commune_code) v.commune_code, v.population
    FROM commune_population v
    ORDER BY v.commune_code, v.in_force_from <= CAST(:day AS date) DESC,
        CASE WHEN v.in_force_from <= CAST(:day AS date) THEN v.in_force_from END DESC,
        v.in_force_from
), piece AS (
    SELECT n.population, h.held * daterange(p.began, p.until) AS covered
    FROM claim h
    JOIN period p ON p.cpts_id = h.cpts_id AND p.stage_slug = ANY (CAST(:stages AS text[]))
        AND p.since IS NOT NULL AND (p.until IS NULL OR p.began < p.until)
    JOIN inhabitants n ON n.commune_code = h.commune_code
), event AS (
    SELECT lower(covered) AS day, population, 1 AS communes FROM piece WHERE NOT isempty(covered)
    UNION ALL
    SELECT upper(covered), -population, -1 FROM piece WHERE NOT isempty(covered) AND NOT upper_inf(covered)
), monthly AS (
    SELECT
        greatest(CAST(date_trunc('month', CAST(day AS timestamp)) AS date),
                 CAST(date_trunc('month', CAST(:first AS timestamp)) AS date)) AS month,
        sum(population) AS population, sum(communes) AS communes
    FROM event WHERE day <= CAST(:day AS date)
    GROUP BY 1
)
SELECT m.day,
    CAST(coalesce(sum(k.population) OVER (ORDER BY m.month), 0) AS bigint) AS population,
    CAST(coalesce(sum(k.communes) OVER (ORDER BY m.month), 0) AS integer) AS communes
FROM moment m
LEFT JOIN monthly k ON k.month = m.month
ORDER BY m.day
