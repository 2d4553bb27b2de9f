-- CPTS by stage at the end of each month (on the last day asked for in its month), and how many
-- reached the stage within it. Stages without a date are left out.
WITH moment AS (
    SELECT CAST(m AS date) AS month,
        least(CAST(m + interval '1 month' - interval '1 day' AS date), CAST(:day AS date)) AS day
    FROM generate_series(date_trunc('month', CAST(:first AS timestamp)), CAST(:day AS timestamp),
                         interval '1 month') m
), period AS (
    SELECT t.stage_slug, greatest(t.known_from, c.started_on) AS began, t.since,
        least(c.ended_on, min(t.known_from) OVER (
            PARTITION BY t.cpts_id ORDER BY s.rank
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)) AS until
    FROM cpts_stage t
    JOIN stage s ON s.slug = t.stage_slug
    JOIN cpts c ON c.id = t.cpts_id
), event AS (
    SELECT stage_slug, began AS day, 1 AS change FROM period
    WHERE since IS NOT NULL AND (until IS NULL OR began < until)
    UNION ALL
    SELECT stage_slug, until, -1 FROM period WHERE since IS NOT NULL AND began < until
), monthly AS (
    SELECT stage_slug,
        greatest(CAST(date_trunc('month', CAST(day AS timestamp)) AS date),
                 CAST(date_trunc('month', CAST(:first AS timestamp)) AS date)) AS month,
        sum(change) AS change,
        count(*) FILTER (WHERE change > 0 AND day >= CAST(:first AS date)) AS reached
    FROM event WHERE day <= CAST(:day AS date)
    GROUP BY 1, 2
)
SELECT m.day, s.slug AS stage,
    CAST(coalesce(sum(k.change) OVER (PARTITION BY s.slug ORDER BY m.month), 0) AS integer) AS number,
    CAST(coalesce(k.reached, 0) AS integer) AS reached
FROM moment m
CROSS JOIN stage s
LEFT JOIN monthly k ON k.month = m.month AND k.stage_slug = s.slug
ORDER BY m.day, s.rank
