-- Near-identical pictures, as they were found last (core/store/duplicates.h). All of it is derived
-- and may be emptied at any time.

-- How the content of a picture file looks (core/image/near_duplicates.h), by the file's SHA-256: a
-- copy under another name is not decoded again.
CREATE TABLE picture_hash (
    sha256 TEXT PRIMARY KEY,
    hash   BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE duplicate (
    image_id INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
    group_id INTEGER NOT NULL, -- the smallest image id of the group
    place    INTEGER NOT NULL  -- 0 is the best picture of the group
);
CREATE INDEX duplicate_group ON duplicate (group_id, place, image_id);
