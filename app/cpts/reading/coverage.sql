-- A CPTS over two territories counts in both; its communes count where they are. A divided commune
-- counts once, as covered when all its parts are; its inhabitants count where they live.
WITH completed AS (
    SELECT d.code, d.region_code, lower(k.complete) AS since
    FROM department d
    LEFT JOIN department_completeness k
        ON k.department_code = d.code AND k.complete @> CAST(:day AS date)
), present AS (
    SELECT c.id, s.slug AS stage
    FROM cpts c
    CROSS JOIN LATERAL cpts_stage_on(c.id, CAST(:day AS date)) s
    WHERE c.started_on <= CAST(:day AS date)
        AND (c.ended_on IS NULL OR CAST(:day AS date) < c.ended_on)
), unit AS (
    SELECT
        CASE CAST(:level AS text)
            WHEN 'country' THEN 'FR'
            WHEN 'region' THEN m.region_code
            ELSE m.department_code
        END AS territory,
        CASE WHEN m.kind = 'part' THEN m.city_code END AS city,
        coalesce(n.population, 0) AS population,
        k.since IS NOT NULL AS complete,
        p.id AS cpts_id, p.stage,
        p.stage IS NOT NULL AND p.stage = ANY (CAST(:stages AS text[])) AS covered
    FROM unit_on(CAST(:day AS date)) m
    -- The latest vintage in force, else the earliest loaded, for all communes in one pass.
    LEFT JOIN (
        SELECT DISTINCT ON (v.commune_code) v.commune_code, v.population
        FROM commune_population v
        ORDER BY v.commune_code,
            v.in_force_from <= CAST(:day AS date) DESC,
            CASE WHEN v.in_force_from <= CAST(:day AS date) THEN v.in_force_from END DESC,
            v.in_force_from
    ) n ON n.commune_code = m.code
    JOIN completed k ON k.code = m.department_code
    LEFT JOIN claim h ON h.commune_code = m.code AND h.held @> CAST(:day AS date)
    LEFT JOIN present p ON p.id = h.cpts_id
), territory AS (
    SELECT 'FR' AS code, 'France' AS name WHERE CAST(:level AS text) = 'country'
    UNION ALL
    SELECT code, name FROM region WHERE CAST(:level AS text) = 'region'
    UNION ALL
    SELECT code, name FROM department WHERE CAST(:level AS text) = 'department'
), total AS (
    SELECT
        u.territory,
        sum(u.population) AS population,
        coalesce(sum(u.population) FILTER (WHERE u.covered), 0) AS population_covered,
        coalesce(sum(u.population) FILTER (WHERE u.complete), 0) AS population_complete,
        count(*) FILTER (WHERE u.city IS NULL) AS communes,
        count(*) FILTER (WHERE u.city IS NULL AND u.covered) AS communes_covered
    FROM unit u
    GROUP BY u.territory
), divided AS (
    SELECT c.territory, count(*) AS communes, count(*) FILTER (WHERE c.covered) AS covered
    FROM (
        SELECT u.territory, bool_and(u.covered) AS covered
        FROM unit u WHERE u.city IS NOT NULL GROUP BY u.territory, u.city
    ) c
    GROUP BY c.territory
), base AS (
    SELECT
        CASE CAST(:level AS text)
            WHEN 'country' THEN 'FR' WHEN 'region' THEN k.region_code ELSE k.code
        END AS territory,
        count(*) AS departments, count(k.since) AS complete, max(k.since) AS latest
    FROM completed k
    GROUP BY 1
), placed AS (
    -- Without any commune a CPTS still counts in the country.
    SELECT DISTINCT u.territory, u.cpts_id AS id, u.stage FROM unit u WHERE u.cpts_id IS NOT NULL
    UNION
    SELECT 'FR', p.id, p.stage FROM present p WHERE CAST(:level AS text) = 'country'
), by_stage AS (
    SELECT t.code, json_object_agg(s.slug, coalesce(k.number, 0) ORDER BY s.rank) AS counts
    FROM territory t
    CROSS JOIN stage s
    LEFT JOIN (
        SELECT territory, stage, count(*) AS number FROM placed GROUP BY territory, stage
    ) k ON k.territory = t.code AND k.stage = s.slug
    GROUP BY t.code
)
SELECT '[' || string_agg(row_to_json(item)::text, ',' ORDER BY item.code) || ']'
FROM (
    SELECT
        t.code, t.name,
        coalesce(x.population, 0) AS population,
        coalesce(x.population_covered, 0) AS population_covered,
        CASE WHEN x.population > 0
            THEN round(x.population_covered::numeric / x.population, 4) ELSE 0
        END AS share_covered,
        coalesce(x.communes, 0) + coalesce(y.communes, 0) AS communes,
        coalesce(x.communes_covered, 0) + coalesce(y.covered, 0) AS communes_covered,
        coalesce(e.complete = e.departments, false) AS complete,
        CASE WHEN e.complete = e.departments THEN e.latest END AS completed_on,
        coalesce(e.complete, 0) AS departments_complete,
        coalesce(e.departments, 0) AS departments_total,
        coalesce(x.population_complete, 0) AS population_complete,
        b.counts AS cpts_by_stage
    FROM territory t
    LEFT JOIN total x ON x.territory = t.code
    LEFT JOIN divided y ON y.territory = t.code
    LEFT JOIN base e ON e.territory = t.code
    JOIN by_stage b ON b.code = t.code
) item
