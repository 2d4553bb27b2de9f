-- The CPTS of a day that pass the filters, a page of them, each with its public properties.
-- A filter that is NULL lets everything through.
-- One row per CPTS of the page; a single row without id when the page is empty.
WITH matched AS MATERIALIZED (
    SELECT
        c.id, t.held, s.slug, s.label, s.since, c.name_key, c.name,
        CASE
            WHEN asked.key IS NULL THEN 0
            WHEN c.name_key = asked.key OR search_key(c.acronym) = asked.key THEN 0
            WHEN c.search_words || ' ' LIKE '% ' || asked.key || ' %' THEN 1
            WHEN c.search_words LIKE '% ' || asked.key || '%' THEN 2
            ELSE 3
        END AS distance
    FROM (
        SELECT
            CAST(:day AS date) AS day,
            CAST(:id AS bigint) AS id,
            CAST(:regions AS text[]) AS regions,
            CAST(:departments AS text[]) AS departments,
            CAST(:stages AS text[]) AS stages,
            CAST(:themes AS text[]) AS themes,
            CAST(:tiers AS smallint[]) AS tiers,
            search_key(CAST(:q AS text)) AS key,
            -- Of one point or of a line, this is no degenerate polygon.
            ST_Envelope(ST_SetSRID(ST_MakeLine(
                ST_MakePoint(CAST(:west AS float8), CAST(:south AS float8)),
                ST_MakePoint(CAST(:east AS float8), CAST(:north AS float8))), 4326)) AS box
    ) asked
    JOIN cpts c
        -- By its id a CPTS is shown on any day, even one that ended on its first.
        ON c.id = asked.id
        OR asked.id IS NULL
            AND c.started_on <= asked.day
            AND (c.ended_on IS NULL OR asked.day < c.ended_on)
    LEFT JOIN cpts_territory t ON t.cpts_id = c.id AND t.held @> asked.day
    LEFT JOIN LATERAL cpts_stage_on(c.id, asked.day) s ON true
    WHERE (asked.regions IS NULL OR t.regions && asked.regions)
        AND (asked.departments IS NULL OR t.departments && asked.departments)
        AND (asked.stages IS NULL OR s.slug = ANY (asked.stages))
        AND (asked.tiers IS NULL OR t.tier = ANY (asked.tiers))
        AND (asked.themes IS NULL OR EXISTS (
            SELECT FROM cpts_theme h
            WHERE h.cpts_id = c.id AND h.theme_slug = ANY (asked.themes)))
        -- Every word begins a word of the name or the acronym; text without any word finds nothing.
        AND (asked.key IS NULL OR asked.key <> '' AND c.search_words LIKE ALL (
            SELECT '% ' || w || '%' FROM unnest(string_to_array(asked.key, ' ')) w))
        AND (asked.box IS NULL OR ST_Intersects(t.geom, asked.box))
), page AS (
    SELECT m.*, row_number() OVER (ORDER BY m.distance, m.name_key, m.name, m.id) AS position
    FROM matched m
    ORDER BY position
    LIMIT :limit OFFSET :offset
), described AS (
    SELECT
        p.position, p.id, c.ended_on, t.commune_codes,
        (
            SELECT row_to_json(properties)::text
            FROM (
                SELECT
                    c.id, c.name, c.acronym, c.finess,
                    p.slug AS stage, p.label AS stage_label, p.since AS stage_since,
                    coalesce(t.population, 0) AS population,
                    t.population_year, t.population_note, t.tier,
                    coalesce(t.commune_count, 0) AS commune_count,
                    coalesce(t.departments, '{}') AS departments,
                    coalesce(t.regions, '{}') AS regions,
                    t.lead_department,
                    (
                        SELECT ('[' || coalesce(
                            string_agg(row_to_json(h)::text, ',' ORDER BY h_rank), '') || ']')::json
                        FROM (
                            SELECT e.rank AS h_rank, e.slug, e.label, e.mission_slug AS mission
                            FROM cpts_theme k JOIN theme e ON e.slug = k.theme_slug
                            WHERE k.cpts_id = c.id
                        ) ranked
                        CROSS JOIN LATERAL (SELECT ranked.slug, ranked.label, ranked.mission) h
                    ) AS themes,
                    c.website, c.email, c.phone, c.address, c.demonstration,
                    (
                        SELECT ('[' || coalesce(
                            string_agg(row_to_json(n)::text, ',' ORDER BY n.effective_on, n.letter),
                            '') || ']')::json
                        FROM (
                            SELECT
                                k.letter_id AS letter, k.effective_on,
                                coalesce(array_agg(k.commune_code ORDER BY k.commune_code)
                                    FILTER (WHERE k.change = 'add'), '{}') AS add,
                                coalesce(array_agg(k.commune_code ORDER BY k.commune_code)
                                    FILTER (WHERE k.change = 'withdraw'), '{}') AS withdraw
                            FROM planned_change k
                            WHERE k.cpts_id = c.id
                                AND k.effective_on > greatest(CAST(:day AS date), CAST(:today AS date))
                            GROUP BY k.letter_id, k.effective_on
                        ) n
                    ) AS planned,
                    to_char(c.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                        AS updated_at
            ) properties
        ) AS properties,
        CASE CAST(:detail AS text)
            WHEN 'national' THEN ST_AsGeoJSON(t.geom_country, 4, 0)
            WHEN 'region' THEN ST_AsGeoJSON(t.geom_region, 5, 0)
            WHEN 'department' THEN ST_AsGeoJSON(t.geom_department, 6, 0)
            WHEN 'full' THEN ST_AsGeoJSON(t.geom, 6, 0)
        END AS geometry
    FROM page p
    JOIN cpts c ON c.id = p.id
    LEFT JOIN cpts_territory t ON t.cpts_id = p.id AND t.held = p.held
)
SELECT total.number_matched, d.id, d.properties, d.geometry, d.ended_on,
    CASE WHEN CAST(:with_communes AS boolean) THEN (
        SELECT '[' || coalesce(string_agg(row_to_json(held)::text, ',' ORDER BY held.code), '') || ']'
        FROM (
            SELECT m.code, m.name, n.population
            FROM commune m
            CROSS JOIN LATERAL commune_population_on(m.code, CAST(:day AS date)) n
            WHERE m.code = ANY (d.commune_codes)
        ) held
    ) END AS communes
FROM (SELECT count(*) AS number_matched FROM matched) total
LEFT JOIN described d ON true
ORDER BY d.position
