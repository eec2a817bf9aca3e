-- A sealed file that follows its report. Its bytes lie in a file of this id, outside the database.
CREATE TABLE attachment (
  att_id TEXT PRIMARY KEY,
  item_id TEXT NOT NULL,
  -- Of its item, or of the conflict that lists it.
  pos BIGINT NOT NULL,
  lane TEXT NOT NULL CHECK (lane IN ('enrolled', 'visitor')),
  -- Of the sealed bytes, as the header of its item says.
  size BIGINT NOT NULL CHECK (size > 0),
  sha256 BLOB NOT NULL,
  -- Bytes that have reached the disk. What the file holds beyond them was never acknowledged.
  received BIGINT NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'complete', 'shown', 'unshown')),
  -- Why no picture could be made of it.
  reason TEXT,
  -- How often making one has begun: what brings the process down must not do so for ever.
  tries BIGINT NOT NULL DEFAULT 0,
  -- Whether the reporter's devices have been told that it is complete.
  told BOOLEAN NOT NULL DEFAULT FALSE,
  changed_at TEXT NOT NULL,
  completed_at TEXT,
  CHECK (received >= 0 AND received <= size),
  CHECK ((state = 'waiting') = (completed_at IS NULL)),
  CHECK ((state = 'waiting') = (received < size)),
  CHECK ((state = 'unshown') = (reason IS NOT NULL))
);

-- "What belongs to this report?"
CREATE INDEX attachment_by_item ON attachment (item_id);

-- "How much is unfinished, and what has been given up?"
CREATE INDEX attachment_waiting ON attachment (lane, changed_at) WHERE state = 'waiting';

-- "What has nobody been told of?", oldest first
CREATE INDEX attachment_untold ON attachment (completed_at) WHERE state <> 'waiting' AND NOT told;

-- "Of what is there no picture yet?", what was tried least, is a centre's, and came longest ago first
CREATE INDEX attachment_complete ON attachment (tries, lane, changed_at) WHERE state = 'complete';

-- A picture that may be looked at: made anew, and encrypted under the key of its report.
CREATE TABLE attachment_picture (
  att_id TEXT PRIMARY KEY REFERENCES attachment (att_id),
  report_id TEXT NOT NULL,
  media_type TEXT NOT NULL,
  -- Of the picture itself, in bytes.
  size BIGINT NOT NULL CHECK (size > 0),
  body BLOB NOT NULL
);
