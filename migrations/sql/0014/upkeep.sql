-- What runs by itself: a worker that moves `due_at` on is the one that does it.
CREATE TABLE upkeep_task (
    name text NOT NULL CONSTRAINT upkeep_task_pkey PRIMARY KEY,
    due_at timestamptz NOT NULL DEFAULT now(),
    began_at timestamptz,
    ended_at timestamptz,
    -- How much the last run that succeeded removed.
    removed bigint,
    -- The class of what kept the last run from ending well: its words may name somebody.
    trouble text
);
