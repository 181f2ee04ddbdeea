-- The prompt lab: what templates were tried on which regions, and what the models wrote.

CREATE TABLE prompt_trial (
    id         INTEGER PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE, -- over the definition, the models and the sampled regions
    name       TEXT NOT NULL DEFAULT '',
    part_group TEXT NOT NULL,
    definition TEXT NOT NULL,        -- JSON
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
CREATE INDEX prompt_trial_group ON prompt_trial (part_group, id);

-- The sample. Regions come and go when a picture is segmented again, and what was written for one
-- stays worth knowing, hence no reference.
CREATE TABLE prompt_trial_crop (
    trial_id  INTEGER NOT NULL REFERENCES prompt_trial (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    region_id INTEGER NOT NULL,
    image_id  INTEGER NOT NULL,
    PRIMARY KEY (trial_id, position)
) WITHOUT ROWID;

CREATE TABLE prompt_trial_cell (
    trial_id INTEGER NOT NULL REFERENCES prompt_trial (id) ON DELETE CASCADE,
    template INTEGER NOT NULL, -- row of the definition
    model    INTEGER NOT NULL, -- of the definition
    position INTEGER NOT NULL,
    text     TEXT NOT NULL DEFAULT '',
    error    TEXT NOT NULL DEFAULT '', -- why there is no text
    tokens   INTEGER NOT NULL DEFAULT 0,
    seconds  REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (trial_id, template, model, position)
) WITHOUT ROWID;

-- What a model wrote for a picture, a prompt and a way of decoding: an edited trial asks only for
-- what is new in it. Can be emptied at any time.
CREATE TABLE written_phrase (
    key     TEXT PRIMARY KEY, -- SHA-256 over all four
    text    TEXT NOT NULL,
    tokens  INTEGER NOT NULL,
    seconds REAL NOT NULL
) WITHOUT ROWID;
