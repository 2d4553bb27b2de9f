-- The new release, as read, beside the tables that it will change.
CREATE TEMPORARY TABLE new_region (
    code text, name text, geom_region geometry, geom_country geometry) ON COMMIT DROP;
CREATE TEMPORARY TABLE new_department (
    code text, name text, region_code text,
    geom_department geometry, geom_region geometry, geom_country geometry) ON COMMIT DROP;
CREATE TEMPORARY TABLE new_epci (code text, name text, kind text) ON COMMIT DROP;
CREATE TEMPORARY TABLE new_city (code text, name text, department_code text) ON COMMIT DROP;
CREATE TEMPORARY TABLE new_commune (
    code text PRIMARY KEY, name text, kind text, city_code text, department_code text,
    region_code text, epci_code text,
    geom geometry, geom_department geometry, geom_region geometry, geom_country geometry,
    in_force daterange NOT NULL DEFAULT daterange(NULL, NULL), quarter text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE new_population (
    commune_code text, in_force_from date, year smallint, population integer) ON COMMIT DROP;
CREATE TEMPORARY TABLE new_postcode (commune_code text, postcode text) ON COMMIT DROP;
CREATE TEMPORARY TABLE new_name (
    key text, name text, commune_code text, department_code text, kind text,
    former_code text) ON COMMIT DROP;
CREATE TEMPORARY TABLE new_former (
    code text, commune_code text, name text, kind text, ended_on date) ON COMMIT DROP;
CREATE TEMPORARY TABLE new_neighbour (
    commune_code text, neighbour_code text, border_m real) ON COMMIT DROP;
