-- A file that has come in full has a position of its own, of the same series as those of items: a backup that
-- holds its report need not hold the file.
CREATE TABLE intake_file (
  pos BIGINT PRIMARY KEY CHECK (pos > 0),
  att_id TEXT NOT NULL,
  item_id TEXT NOT NULL,
  -- Of the sealed bytes.
  sha256 BLOB NOT NULL,
  received_at TEXT NOT NULL,
  -- When the disk turned out not to hold it. Coming again, it has a new position.
  gone_at TEXT
);

-- "Where does this file stand?"
CREATE UNIQUE INDEX intake_file_held ON intake_file (att_id) WHERE gone_at IS NULL;
