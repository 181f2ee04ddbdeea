-- True label maps of pictures, where a data set has them, and how merges find what they make stale.

CREATE TABLE IF NOT EXISTS label_map (
    image_id INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
    path     TEXT NOT NULL,    -- absolute: an 8-bit PNG of class ids
    width    INTEGER NOT NULL,
    height   INTEGER NOT NULL,
    classes  TEXT NOT NULL     -- "0:5120 2:312": class id and its pixels, ids ascending
);

CREATE INDEX IF NOT EXISTS region_lineage ON region (image_id, part_group, taxonomy_id, origin);
