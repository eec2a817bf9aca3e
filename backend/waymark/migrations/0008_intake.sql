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

-- More of what a device says of itself.
ALTER TABLE intake_device_seen ADD COLUMN app_build TEXT NOT NULL DEFAULT '';

-- 'durable', 'may_go', or whatever a later device says.
ALTER TABLE intake_device_seen ADD COLUMN storage TEXT;

-- By how many seconds its clock is ahead.
ALTER TABLE intake_device_seen ADD COLUMN clock_ahead_s BIGINT;

-- When a device first said that it had come so far: what never came was made between two of these.
CREATE TABLE intake_device_mark (
  device_id TEXT NOT NULL,
  epoch TEXT NOT NULL,
  max_seq BIGINT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (device_id, epoch, max_seq)
);
