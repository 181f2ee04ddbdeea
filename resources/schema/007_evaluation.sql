-- What was measured in this project. A report is kept whole, so that it can be read after the model
-- or the pictures it is about have gone.

CREATE TABLE evaluation (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('retrieval', 'parsing')),
    title      TEXT NOT NULL,
    model_name TEXT NOT NULL DEFAULT '',
    model_hash TEXT NOT NULL DEFAULT '',
    data       TEXT NOT NULL DEFAULT '', -- what it was measured on, for people
    summary    TEXT NOT NULL,            -- JSON: numbers and badges, small
    report     TEXT NOT NULL,            -- JSON: everything
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
CREATE INDEX evaluation_kind ON evaluation (kind, id);
