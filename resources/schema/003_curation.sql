-- What people say about pictures, and the order of what they did, for undo and redo.

CREATE TABLE tag (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE image_tag (
    image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    tag_id   INTEGER NOT NULL REFERENCES tag (id) ON DELETE CASCADE,
    PRIMARY KEY (image_id, tag_id)
) WITHOUT ROWID;
CREATE INDEX image_tag_tag ON image_tag (tag_id, image_id);

CREATE TABLE image_review (
    image_id INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
    rating   INTEGER NOT NULL DEFAULT 0 CHECK (rating BETWEEN 0 AND 5), -- 0: none given
    state    TEXT NOT NULL DEFAULT '' CHECK (state IN ('', 'accepted', 'rejected', 'unsure'))
);
CREATE INDEX image_review_rating ON image_review (rating);
CREATE INDEX image_review_state ON image_review (state);

CREATE INDEX journal_undone ON journal (undone, id);
