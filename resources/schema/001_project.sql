-- What a project holds: pictures, what people and models said about them, and where each row came from.

CREATE TABLE model (
    id           INTEGER PRIMARY KEY,
    hash         TEXT NOT NULL UNIQUE, -- SHA-256 of the weight file
    name         TEXT NOT NULL DEFAULT '',
    task         TEXT NOT NULL DEFAULT '',
    architecture TEXT NOT NULL DEFAULT ''
);

CREATE TABLE taxonomy_version (
    id         INTEGER PRIMARY KEY,
    version    TEXT NOT NULL UNIQUE,
    content    TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

CREATE TABLE template_version (
    id         INTEGER PRIMARY KEY,
    version    TEXT NOT NULL UNIQUE,
    content    TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

CREATE TABLE image (
    id         INTEGER PRIMARY KEY,
    path       TEXT NOT NULL,            -- absolute: the picture, or the scene or video it was cut from
    place      TEXT NOT NULL DEFAULT '', -- frame and box as text, so that one unique index covers all kinds
    sha256     TEXT NOT NULL,
    width      INTEGER NOT NULL,
    height     INTEGER NOT NULL,
    source     TEXT NOT NULL DEFAULT '',
    split      TEXT NOT NULL DEFAULT '',
    identity   TEXT NOT NULL DEFAULT '',
    frame      INTEGER,
    box_left   INTEGER,
    box_top    INTEGER,
    box_right  INTEGER,
    box_bottom INTEGER,
    crop       TEXT NOT NULL DEFAULT '', -- cut-out picture, relative to the project folder
    added_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    -- What segmented it last, also when no part was found.
    segmented_model_id    INTEGER REFERENCES model (id),
    segmented_taxonomy_id INTEGER REFERENCES taxonomy_version (id),
    UNIQUE (path, place)
);
CREATE INDEX image_sha256 ON image (sha256);
CREATE INDEX image_identity ON image (identity);
CREATE INDEX image_split ON image (split);
CREATE INDEX image_segmented ON image (segmented_model_id, segmented_taxonomy_id);

CREATE TABLE caption (
    id       INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    text     TEXT NOT NULL,
    UNIQUE (image_id, text)
);

CREATE TABLE region (
    id          INTEGER PRIMARY KEY,
    image_id    INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    part_group  TEXT NOT NULL,
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    rle         TEXT NOT NULL,
    box_left    INTEGER NOT NULL,
    box_top     INTEGER NOT NULL,
    box_right   INTEGER NOT NULL,
    box_bottom  INTEGER NOT NULL,
    area        REAL NOT NULL,
    score       REAL NOT NULL,
    prompt      TEXT NOT NULL DEFAULT '',
    origin      TEXT NOT NULL CHECK (origin IN ('model', 'human')),
    model_id    INTEGER REFERENCES model (id),
    taxonomy_id INTEGER REFERENCES taxonomy_version (id)
);
CREATE INDEX region_image ON region (image_id, part_group);
CREATE INDEX region_model ON region (model_id);

CREATE TABLE phrase (
    id          INTEGER PRIMARY KEY,
    region_id   INTEGER NOT NULL REFERENCES region (id) ON DELETE CASCADE,
    text        TEXT NOT NULL,
    origin      TEXT NOT NULL CHECK (origin IN ('model', 'human')),
    model_id    INTEGER REFERENCES model (id),
    template_id INTEGER REFERENCES template_version (id),
    UNIQUE (region_id, origin)
);
CREATE INDEX phrase_model ON phrase (model_id, template_id);

CREATE TABLE embedding_set (
    id         INTEGER PRIMARY KEY,
    model_id   INTEGER NOT NULL REFERENCES model (id),
    dimension  INTEGER NOT NULL,
    count      INTEGER NOT NULL,
    file       TEXT NOT NULL, -- relative to the project folder
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
CREATE INDEX embedding_set_model ON embedding_set (model_id);

CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
