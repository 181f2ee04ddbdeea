-- What was done with a project: searches, judgements, edits and jobs.

CREATE TABLE query (
    id               INTEGER PRIMARY KEY,
    text             TEXT NOT NULL,
    structure        TEXT NOT NULL DEFAULT '',
    model_id         INTEGER REFERENCES model (id),
    embedding_set_id INTEGER REFERENCES embedding_set (id) ON DELETE SET NULL,
    results          TEXT NOT NULL DEFAULT '[]', -- [[image id, score], …], best first
    created_at       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
CREATE INDEX query_model ON query (model_id);

CREATE TABLE feedback (
    id         INTEGER PRIMARY KEY,
    query_id   INTEGER NOT NULL REFERENCES query (id) ON DELETE CASCADE,
    image_id   INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    part_group TEXT NOT NULL DEFAULT '', -- empty: the whole person
    relevant   INTEGER NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    UNIQUE (query_id, image_id, part_group)
);
CREATE INDEX feedback_image ON feedback (image_id);

CREATE TABLE saved_view (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

CREATE TABLE journal (
    id         INTEGER PRIMARY KEY,
    action     TEXT NOT NULL,
    item       TEXT NOT NULL,
    before     TEXT NOT NULL DEFAULT '',
    after      TEXT NOT NULL DEFAULT '',
    undone     INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

CREATE TABLE job (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,
    options    TEXT NOT NULL DEFAULT '',
    state      TEXT NOT NULL DEFAULT 'running',
    pid        INTEGER NOT NULL DEFAULT 0,
    host       TEXT NOT NULL DEFAULT '',
    started_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    ended_at   TEXT
);

CREATE TABLE job_item (
    id     INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    item   TEXT NOT NULL,
    state  TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX job_item_job ON job_item (job_id);
