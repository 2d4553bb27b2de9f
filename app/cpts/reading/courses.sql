-- What led some CPTS to where they are on a day: the stages that they had reached, and since
-- when (and until when, if that is settled) they hold each commune.
SELECT
    c.id,
    ({stages}) AS stages,
    (
        SELECT string_agg(
            concat_ws(':', h.commune_code, lower(h.held), upper(h.held)), '|'
            ORDER BY h.commune_code)
        FROM claim h
        WHERE h.cpts_id = c.id AND h.held @> CAST(:day AS date)
    ) AS communes
FROM unnest(CAST(:ids AS bigint[])) AS asked (id)
JOIN cpts c ON c.id = asked.id
