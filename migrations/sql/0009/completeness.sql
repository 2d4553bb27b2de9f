-- For which departments the content of the registry is declared complete, and when: elsewhere a
-- commune without a CPTS is a commune of which nothing is known.
CREATE TABLE department_completeness (
    department_code text NOT NULL
        CONSTRAINT department_completeness_department_code_fkey
        REFERENCES department ON DELETE CASCADE,
    complete daterange NOT NULL,
    -- Declared by the loading of demonstration data, and taken back with it.
    demonstration boolean NOT NULL DEFAULT false,
    CONSTRAINT department_completeness_pkey PRIMARY KEY (department_code, complete),
    CONSTRAINT department_completeness_complete_check
        CHECK (NOT isempty(complete) AND NOT lower_inf(complete)),
    CONSTRAINT department_completeness_one_a_day
        EXCLUDE USING gist (department_code WITH =, complete WITH &&)
);

CREATE TRIGGER aa_department_completeness_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON department_completeness
    FOR EACH STATEMENT EXECUTE FUNCTION advance_registry_revision();

-- Demonstration data that is there already is complete as a fresh loading would be.
INSERT INTO department_completeness (department_code, complete, demonstration)
SELECT d.code, daterange(f.day, NULL), true
FROM department d
CROSS JOIN (SELECT min(p.started_on) AS day FROM cpts p WHERE p.demonstration) f
WHERE f.day IS NOT NULL;
