-- The size tiers as dated data: the bounds have changed before and may again.
CREATE TABLE tier_bound (
    tier smallint NOT NULL,
    population int4range NOT NULL CONSTRAINT tier_bound_population_check CHECK (NOT isempty(population)),
    in_force daterange NOT NULL CONSTRAINT tier_bound_in_force_check CHECK (NOT isempty(in_force)),
    CONSTRAINT tier_bound_pkey PRIMARY KEY (tier, in_force),
    CONSTRAINT tier_bound_no_overlap EXCLUDE USING gist (population WITH &&, in_force WITH &&)
);

CREATE FUNCTION tier_of(asked_population integer, asked_day date) RETURNS smallint
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT b.tier FROM tier_bound b
        WHERE b.population @> asked_population AND b.in_force @> asked_day);

-- What each tier pays, euros a year, by item (functioning, a mission, the early contract) and part.
CREATE TABLE funding_amount (
    tier smallint NOT NULL,
    item text NOT NULL,
    part text NOT NULL CONSTRAINT funding_amount_part_check CHECK (part IN (
        'flat', 'fixed', 'variable', 'plan_first_year', 'plan_later_years', 'crisis')),
    in_force daterange NOT NULL CONSTRAINT funding_amount_in_force_check CHECK (NOT isempty(in_force)),
    euros integer NOT NULL CONSTRAINT funding_amount_euros_check CHECK (euros >= 0),
    CONSTRAINT funding_amount_pkey PRIMARY KEY (tier, item, part, in_force),
    CONSTRAINT funding_amount_no_overlap
        EXCLUDE USING gist (tier WITH =, item WITH =, part WITH =, in_force WITH &&)
);

-- ACI bounds: under 40 000; 40 000 to 79 999; 80 000 to 175 000; beyond.
INSERT INTO tier_bound (tier, population, in_force) VALUES
    (1, '[0,40000)', '(,)'),
    (2, '[40000,80000)', '(,)'),
    (3, '[80000,175001)', '(,)'),
    (4, '[175001,)', '(,)');

-- ACI, avenant 2.
INSERT INTO funding_amount (tier, item, part, in_force, euros)
SELECT t.tier, a.item, a.part, '(,)', a.euros[t.tier]
FROM generate_series(1, 4) AS t (tier),
     (VALUES
        ('functioning', 'flat', ARRAY[50000, 60000, 75000, 90000]),
        ('acces_soins', 'fixed', ARRAY[55000, 70000, 90000, 110000]),
        ('acces_soins', 'variable', ARRAY[25000, 30000, 35000, 45000]),
        ('parcours', 'fixed', ARRAY[25000, 35000, 45000, 50000]),
        ('parcours', 'variable', ARRAY[25000, 35000, 45000, 50000]),
        ('prevention', 'fixed', ARRAY[10000, 15000, 17500, 20000]),
        ('prevention', 'variable', ARRAY[10000, 15000, 17500, 20000]),
        ('crise_sanitaire', 'plan_first_year', ARRAY[25000, 35000, 45000, 50000]),
        ('crise_sanitaire', 'plan_later_years', ARRAY[12500, 17500, 22500, 25000]),
        ('crise_sanitaire', 'crisis', ARRAY[37500, 52500, 67500, 75000]),
        ('qualite_pertinence', 'fixed', ARRAY[7500, 10000, 15000, 20000]),
        ('qualite_pertinence', 'variable', ARRAY[7500, 10000, 15000, 20000]),
        ('accompagnement_professionnels', 'fixed', ARRAY[5000, 7500, 10000, 15000]),
        ('accompagnement_professionnels', 'variable', ARRAY[5000, 7500, 10000, 15000]),
        ('early_mission_contract', 'flat', ARRAY[15000, 17500, 25000, 30000])
     ) AS a (item, part, euros);
