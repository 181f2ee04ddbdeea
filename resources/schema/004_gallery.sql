-- What the gallery is filtered, sorted and counted by: derived from the other tables and kept
-- current by triggers, so that 100,000 pictures are answered from one narrow table. The functions
-- colour_bits, natural_key, file_name and bit_or belong to the program (core/store/text_functions).

-- Which bit of image_facts.groups a part group has. Beyond 62 groups there is none (-1).
CREATE TABLE part_bit (
    name TEXT PRIMARY KEY,
    bit  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE image_facts (
    image_id   INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
    split      TEXT NOT NULL DEFAULT '',
    source     TEXT NOT NULL DEFAULT '',
    identity   TEXT NOT NULL DEFAULT '',
    width      INTEGER NOT NULL DEFAULT 0,
    height     INTEGER NOT NULL DEFAULT 0,
    groups     INTEGER NOT NULL DEFAULT 0, -- bits of part_bit
    colours    INTEGER NOT NULL DEFAULT 0, -- bits of the common colours, of all its phrases
    parts      INTEGER NOT NULL DEFAULT 0,
    score_low  REAL,                       -- NULL without parts
    score_high REAL,
    rating     INTEGER NOT NULL DEFAULT 0,
    state      TEXT NOT NULL DEFAULT '',
    name_key   TEXT NOT NULL DEFAULT ''    -- of the file name, in natural order
);
CREATE INDEX image_facts_name ON image_facts (name_key, image_id);
CREATE INDEX image_facts_identity ON image_facts (identity, image_id);

-- Every wording of a phrase once, with its colours.
CREATE TABLE wording (
    id      INTEGER PRIMARY KEY,
    text    TEXT NOT NULL UNIQUE,
    colours INTEGER NOT NULL
);

-- The phrase that counts for a region (the human one, else the model's).
CREATE TABLE part_wording (
    region_id  INTEGER PRIMARY KEY REFERENCES region (id) ON DELETE CASCADE,
    image_id   INTEGER NOT NULL,
    part_group TEXT NOT NULL,
    wording_id INTEGER NOT NULL REFERENCES wording (id)
);
CREATE INDEX part_wording_use ON part_wording (wording_id, part_group, image_id);
CREATE INDEX part_wording_image ON part_wording (image_id, wording_id);

CREATE INDEX region_measure ON region (part_group, score, area, image_id);
CREATE INDEX region_origin ON region (origin, part_group, area, image_id);

-- What is there already.
INSERT INTO part_bit (name, bit)
SELECT part_group, CASE WHEN row_number() OVER (ORDER BY part_group) <= 62
                        THEN row_number() OVER (ORDER BY part_group) - 1 ELSE -1 END
FROM (SELECT DISTINCT part_group FROM region);

INSERT INTO wording (text, colours)
SELECT text, colour_bits(text) FROM (SELECT DISTINCT text FROM phrase);

INSERT INTO part_wording (region_id, image_id, part_group, wording_id)
SELECT region.id, region.image_id, region.part_group, wording.id
FROM region
JOIN phrase ON phrase.region_id = region.id
JOIN wording ON wording.text = phrase.text
WHERE region.area > 0.0
  AND (phrase.origin = 'human' OR NOT EXISTS (SELECT 1 FROM phrase AS other
                                              WHERE other.region_id = region.id AND other.origin = 'human'));

INSERT INTO image_facts (image_id, split, source, identity, width, height, rating, state, name_key,
                         groups, colours, parts, score_low, score_high)
SELECT image.id, image.split, image.source, image.identity, image.width, image.height,
       coalesce(image_review.rating, 0), coalesce(image_review.state, ''),
       natural_key(file_name(image.path)),
       coalesce(found.groups, 0), coalesce(said.colours, 0), coalesce(found.parts, 0),
       found.score_low, found.score_high
FROM image
LEFT JOIN image_review ON image_review.image_id = image.id
LEFT JOIN (SELECT region.image_id, bit_or(CASE WHEN bit < 0 THEN 0 ELSE 1 << bit END) AS groups,
                  count(*) AS parts, min(score) AS score_low, max(score) AS score_high
           FROM region JOIN part_bit ON part_bit.name = region.part_group
           WHERE area > 0.0 GROUP BY region.image_id) AS found ON found.image_id = image.id
LEFT JOIN (SELECT image_id, bit_or(colours) AS colours
           FROM part_wording JOIN wording ON wording.id = wording_id
           GROUP BY image_id) AS said ON said.image_id = image.id;

-- Pictures.
CREATE TRIGGER image_facts_insert AFTER INSERT ON image BEGIN
    INSERT INTO image_facts (image_id, split, source, identity, width, height, name_key)
    VALUES (NEW.id, NEW.split, NEW.source, NEW.identity, NEW.width, NEW.height,
            natural_key(file_name(NEW.path)));
END;
CREATE TRIGGER image_facts_update
AFTER UPDATE OF path, split, source, identity, width, height ON image BEGIN
    UPDATE image_facts SET split = NEW.split, source = NEW.source, identity = NEW.identity,
        width = NEW.width, height = NEW.height, name_key = natural_key(file_name(NEW.path))
    WHERE image_id = NEW.id;
END;

-- Reviews.
CREATE TRIGGER image_facts_review_insert AFTER INSERT ON image_review BEGIN
    UPDATE image_facts SET rating = NEW.rating, state = NEW.state WHERE image_id = NEW.image_id;
END;
CREATE TRIGGER image_facts_review_update AFTER UPDATE ON image_review BEGIN
    UPDATE image_facts SET rating = NEW.rating, state = NEW.state WHERE image_id = NEW.image_id;
END;
CREATE TRIGGER image_facts_review_delete AFTER DELETE ON image_review BEGIN
    UPDATE image_facts SET rating = 0, state = '' WHERE image_id = OLD.image_id;
END;

-- Parts.
CREATE TRIGGER image_facts_region_insert AFTER INSERT ON region BEGIN
    INSERT INTO part_bit (name, bit)
        SELECT NEW.part_group, CASE WHEN count(*) < 62 THEN count(*) ELSE -1 END FROM part_bit
        HAVING NOT EXISTS (SELECT 1 FROM part_bit WHERE name = NEW.part_group);
    UPDATE image_facts SET (groups, parts, score_low, score_high) =
        (SELECT coalesce(bit_or(CASE WHEN bit < 0 THEN 0 ELSE 1 << bit END), 0), count(*),
                min(score), max(score)
         FROM region JOIN part_bit ON part_bit.name = part_group
         WHERE region.image_id = NEW.image_id AND area > 0.0)
    WHERE image_id = NEW.image_id;
END;
CREATE TRIGGER image_facts_region_update
AFTER UPDATE OF image_id, part_group, area, score ON region BEGIN
    INSERT INTO part_bit (name, bit)
        SELECT NEW.part_group, CASE WHEN count(*) < 62 THEN count(*) ELSE -1 END FROM part_bit
        HAVING NOT EXISTS (SELECT 1 FROM part_bit WHERE name = NEW.part_group);
    DELETE FROM part_wording WHERE region_id = NEW.id;
    INSERT INTO part_wording (region_id, image_id, part_group, wording_id)
        SELECT NEW.id, NEW.image_id, NEW.part_group, wording.id
        FROM phrase JOIN wording ON wording.text = phrase.text
        WHERE phrase.region_id = NEW.id AND NEW.area > 0.0 ORDER BY phrase.origin LIMIT 1;
    UPDATE image_facts SET (groups, parts, score_low, score_high) =
        (SELECT coalesce(bit_or(CASE WHEN bit < 0 THEN 0 ELSE 1 << bit END), 0), count(*),
                min(score), max(score)
         FROM region JOIN part_bit ON part_bit.name = part_group
         WHERE region.image_id = image_facts.image_id AND area > 0.0),
        colours = (SELECT coalesce(bit_or(wording.colours), 0)
                   FROM part_wording JOIN wording ON wording.id = wording_id
                   WHERE part_wording.image_id = image_facts.image_id)
    WHERE image_id IN (OLD.image_id, NEW.image_id);
END;
CREATE TRIGGER image_facts_region_delete AFTER DELETE ON region BEGIN
    UPDATE image_facts SET (groups, parts, score_low, score_high) =
        (SELECT coalesce(bit_or(CASE WHEN bit < 0 THEN 0 ELSE 1 << bit END), 0), count(*),
                min(score), max(score)
         FROM region JOIN part_bit ON part_bit.name = part_group
         WHERE region.image_id = OLD.image_id AND area > 0.0),
        colours = (SELECT coalesce(bit_or(wording.colours), 0)
                   FROM part_wording JOIN wording ON wording.id = wording_id
                   WHERE part_wording.image_id = OLD.image_id)
    WHERE image_id = OLD.image_id;
END;

-- Phrases; "human" sorts before "model".
CREATE TRIGGER part_wording_insert AFTER INSERT ON phrase BEGIN
    INSERT INTO wording (text, colours) SELECT NEW.text, colour_bits(NEW.text)
        WHERE NOT EXISTS (SELECT 1 FROM wording WHERE text = NEW.text);
    DELETE FROM part_wording WHERE region_id = NEW.region_id;
    INSERT INTO part_wording (region_id, image_id, part_group, wording_id)
        SELECT region.id, region.image_id, region.part_group, wording.id
        FROM region JOIN phrase ON phrase.region_id = region.id
        JOIN wording ON wording.text = phrase.text
        WHERE region.id = NEW.region_id AND region.area > 0.0 ORDER BY phrase.origin LIMIT 1;
    UPDATE image_facts SET colours =
        (SELECT coalesce(bit_or(wording.colours), 0)
         FROM part_wording JOIN wording ON wording.id = wording_id
         WHERE part_wording.image_id = image_facts.image_id)
    WHERE image_id = (SELECT image_id FROM region WHERE id = NEW.region_id);
END;
CREATE TRIGGER part_wording_update AFTER UPDATE OF text, region_id, origin ON phrase BEGIN
    INSERT INTO wording (text, colours) SELECT NEW.text, colour_bits(NEW.text)
        WHERE NOT EXISTS (SELECT 1 FROM wording WHERE text = NEW.text);
    DELETE FROM part_wording WHERE region_id IN (OLD.region_id, NEW.region_id);
    INSERT INTO part_wording (region_id, image_id, part_group, wording_id)
        SELECT region.id, region.image_id, region.part_group, wording.id
        FROM region JOIN phrase ON phrase.region_id = region.id
        JOIN wording ON wording.text = phrase.text
        WHERE region.id IN (OLD.region_id, NEW.region_id) AND region.area > 0.0
          AND (phrase.origin = 'human' OR NOT EXISTS (SELECT 1 FROM phrase AS other
              WHERE other.region_id = region.id AND other.origin = 'human'));
    UPDATE image_facts SET colours =
        (SELECT coalesce(bit_or(wording.colours), 0)
         FROM part_wording JOIN wording ON wording.id = wording_id
         WHERE part_wording.image_id = image_facts.image_id)
    WHERE image_id IN (SELECT image_id FROM region WHERE id IN (OLD.region_id, NEW.region_id));
END;
CREATE TRIGGER part_wording_delete AFTER DELETE ON phrase BEGIN
    DELETE FROM part_wording WHERE region_id = OLD.region_id;
    INSERT INTO part_wording (region_id, image_id, part_group, wording_id)
        SELECT region.id, region.image_id, region.part_group, wording.id
        FROM region JOIN phrase ON phrase.region_id = region.id
        JOIN wording ON wording.text = phrase.text
        WHERE region.id = OLD.region_id AND region.area > 0.0 ORDER BY phrase.origin LIMIT 1;
    UPDATE image_facts SET colours =
        (SELECT coalesce(bit_or(wording.colours), 0)
         FROM part_wording JOIN wording ON wording.id = wording_id
         WHERE part_wording.image_id = image_facts.image_id)
    WHERE image_id = (SELECT image_id FROM region WHERE id = OLD.region_id);
END;
