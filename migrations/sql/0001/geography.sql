-- Text reduced to lower-case ASCII words, for search and for "the same name".
CREATE FUNCTION search_key(given text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN btrim(regexp_replace(lower(unaccent('unaccent'::regdictionary, given)), '[^a-z0-9]+', ' ', 'g'));

CREATE TABLE region (
    code text CONSTRAINT region_pkey PRIMARY KEY,
    name text NOT NULL,
    geom_region geometry(MultiPolygon, 4326),
    geom_country geometry(MultiPolygon, 4326)
);

CREATE TABLE department (
    code text CONSTRAINT department_pkey PRIMARY KEY,
    name text NOT NULL,
    region_code text NOT NULL CONSTRAINT department_region_code_fkey REFERENCES region,
    geom_department geometry(MultiPolygon, 4326),
    geom_region geometry(MultiPolygon, 4326),
    geom_country geometry(MultiPolygon, 4326)
);
CREATE INDEX department_region_code_idx ON department (region_code);

CREATE TABLE epci (
    code text CONSTRAINT epci_pkey PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL
);

-- Paris, Lyon and Marseille: a code that stands for its arrondissements, never a unit itself.
CREATE TABLE city (
    code text CONSTRAINT city_pkey PRIMARY KEY,
    name text NOT NULL,
    department_code text NOT NULL CONSTRAINT city_department_code_fkey REFERENCES department
);

CREATE TABLE commune (
    code text CONSTRAINT commune_pkey PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL CONSTRAINT commune_kind_check CHECK (kind IN ('commune', 'arrondissement')),
    city_code text CONSTRAINT commune_city_code_fkey REFERENCES city,
    department_code text NOT NULL CONSTRAINT commune_department_code_fkey REFERENCES department,
    region_code text NOT NULL CONSTRAINT commune_region_code_fkey REFERENCES region,
    epci_code text CONSTRAINT commune_epci_code_fkey REFERENCES epci,
    geom geometry(MultiPolygon, 4326) NOT NULL,
    geom_department geometry(MultiPolygon, 4326) NOT NULL,
    geom_region geometry(MultiPolygon, 4326) NOT NULL,
    geom_country geometry(MultiPolygon, 4326) NOT NULL
);
CREATE INDEX commune_department_code_idx ON commune (department_code);
CREATE INDEX commune_epci_code_idx ON commune (epci_code);
CREATE INDEX commune_geom_idx ON commune USING gist (geom);

CREATE TABLE commune_population (
    commune_code text NOT NULL
        CONSTRAINT commune_population_commune_code_fkey REFERENCES commune ON DELETE CASCADE,
    in_force_from date NOT NULL,
    year smallint NOT NULL,
    population integer NOT NULL CONSTRAINT commune_population_population_check CHECK (population >= 0),
    CONSTRAINT commune_population_pkey PRIMARY KEY (commune_code, in_force_from)
);
CREATE INDEX commune_population_in_force_from_idx ON commune_population (in_force_from);

CREATE TABLE commune_postcode (
    commune_code text NOT NULL
        CONSTRAINT commune_postcode_commune_code_fkey REFERENCES commune ON DELETE CASCADE,
    postcode text NOT NULL,
    CONSTRAINT commune_postcode_pkey PRIMARY KEY (commune_code, postcode)
);
CREATE INDEX commune_postcode_postcode_idx ON commune_postcode (postcode text_pattern_ops);

-- Every name, of today or before, that leads to a commune of today.
CREATE TABLE commune_name (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT commune_name_pkey PRIMARY KEY,
    key text NOT NULL,
    name text NOT NULL,
    commune_code text NOT NULL
        CONSTRAINT commune_name_commune_code_fkey REFERENCES commune ON DELETE CASCADE,
    department_code text NOT NULL
        CONSTRAINT commune_name_department_code_fkey REFERENCES department,
    kind text NOT NULL CONSTRAINT commune_name_kind_check
        CHECK (kind IN ('current', 'former', 'delegated', 'associated', 'city')),
    former_code text,
    CONSTRAINT commune_name_key_commune_code_kind_former_code_key UNIQUE NULLS NOT DISTINCT (key, commune_code, kind, former_code)
);
CREATE INDEX commune_name_commune_code_idx ON commune_name (commune_code);
CREATE INDEX commune_name_key_idx ON commune_name USING gin (key gin_trgm_ops);

-- Every code once in force that leads to one or, after a split, several communes of today.
CREATE TABLE former_commune (
    code text NOT NULL,
    commune_code text NOT NULL
        CONSTRAINT former_commune_commune_code_fkey REFERENCES commune ON DELETE CASCADE,
    name text NOT NULL,
    kind text NOT NULL CONSTRAINT former_commune_kind_check
        CHECK (kind IN ('former', 'delegated', 'associated')),
    ended_on date,
    CONSTRAINT former_commune_pkey PRIMARY KEY (code, commune_code)
);
CREATE INDEX former_commune_commune_code_idx ON former_commune (commune_code);

-- Both directions of every shared border, so that a commune's neighbours are one index range.
CREATE TABLE commune_neighbour (
    commune_code text NOT NULL
        CONSTRAINT commune_neighbour_commune_code_fkey REFERENCES commune ON DELETE CASCADE,
    neighbour_code text NOT NULL
        CONSTRAINT commune_neighbour_neighbour_code_fkey REFERENCES commune ON DELETE CASCADE,
    border_m real NOT NULL CONSTRAINT commune_neighbour_border_m_check CHECK (border_m > 0),
    CONSTRAINT commune_neighbour_pkey PRIMARY KEY (commune_code, neighbour_code)
);

CREATE TABLE geography_release (
    id smallint CONSTRAINT geography_release_pkey PRIMARY KEY DEFAULT 1
        CONSTRAINT geography_release_id_check CHECK (id = 1),
    reference_date date NOT NULL,
    content_hash text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now()
);

-- The population of a commune on a day: the latest vintage in force, else the earliest loaded.
CREATE FUNCTION commune_population_on(asked_code text, asked_day date)
RETURNS TABLE (year smallint, population integer)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.year, p.population
    FROM commune_population p
    WHERE p.commune_code = asked_code
    ORDER BY p.in_force_from <= asked_day DESC,
             CASE WHEN p.in_force_from <= asked_day THEN p.in_force_from END DESC,
             p.in_force_from
    LIMIT 1;
END;
