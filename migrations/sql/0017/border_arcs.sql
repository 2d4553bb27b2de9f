-- The borders between communes, cut into arcs that meet at their ends only, one row per pair of
-- neighbours; those along a coast or an outer border have no right side. The left side is the lower
-- code. A pair stands for the days on which both do. Codes are no foreign keys: checking 200 000 of them
-- would take longer than the rest, and no arc counts without its communes in bordered_commune.
CREATE TABLE border_arc (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT border_arc_pkey PRIMARY KEY,
    left_code text NOT NULL,
    right_code text,
    in_force daterange NOT NULL DEFAULT '(,)',
    geom geometry(MultiLineString, 4326),
    geom_department geometry(MultiLineString, 4326),
    geom_region geometry(MultiLineString, 4326),
    geom_country geometry(MultiLineString, 4326),
    CONSTRAINT border_arc_order_check CHECK (left_code < right_code),
    CONSTRAINT border_arc_pair_key UNIQUE NULLS NOT DISTINCT (left_code, right_code)
);
CREATE INDEX border_arc_right_code_idx ON border_arc (right_code);

-- Communes whose arcs are those of their polygons as they stand. Territories with any other commune
-- are united from polygons.
CREATE TABLE bordered_commune (
    commune_code text CONSTRAINT bordered_commune_pkey PRIMARY KEY
        CONSTRAINT bordered_commune_commune_code_fkey REFERENCES commune ON DELETE CASCADE
);

-- A commune that goes opens the borders of its neighbours; one that is drawn anew has other ones.
CREATE FUNCTION forget_borders() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM bordered_commune b WHERE b.commune_code = OLD.code;
    IF TG_OP = 'DELETE' THEN
        DELETE FROM bordered_commune b
        WHERE b.commune_code IN (
            SELECT a.right_code FROM border_arc a WHERE a.left_code = OLD.code
            UNION ALL
            SELECT a.left_code FROM border_arc a WHERE a.right_code = OLD.code);
        DELETE FROM border_arc a WHERE a.left_code = OLD.code OR a.right_code = OLD.code;
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER commune_borders_deleted BEFORE DELETE ON commune
    FOR EACH ROW EXECUTE FUNCTION forget_borders();
CREATE TRIGGER commune_borders_updated BEFORE UPDATE ON commune
    FOR EACH ROW
    WHEN (OLD.code <> NEW.code
          OR OLD.in_force <> NEW.in_force
          OR OLD.geom IS DISTINCT FROM NEW.geom
          OR OLD.geom_department IS DISTINCT FROM NEW.geom_department
          OR OLD.geom_region IS DISTINCT FROM NEW.geom_region
          OR OLD.geom_country IS DISTINCT FROM NEW.geom_country)
    EXECUTE FUNCTION forget_borders();
