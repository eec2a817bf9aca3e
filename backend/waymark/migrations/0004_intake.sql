-- Which database this is. A restored copy begins a new lineage, so that devices offer everything again.
CREATE TABLE lineage (
  number BIGINT PRIMARY KEY CHECK (number > 0),
  incarnation TEXT NOT NULL UNIQUE CHECK (length(incarnation) = 36),
  created_at TEXT NOT NULL,
  -- Every backup that may still be restored holds all positions up to this one.
  restore_floor BIGINT NOT NULL DEFAULT 0 CHECK (restore_floor >= 0)
);

-- only: sqlite
-- Sealed items as they came. INTEGER makes pos the row's own key: rows lie in the order of arrival.
CREATE TABLE intake_item (
  pos INTEGER PRIMARY KEY CHECK (pos > 0),
  item_id TEXT NOT NULL UNIQUE,
  device_id TEXT NOT NULL,
  epoch TEXT NOT NULL,
  seq BIGINT NOT NULL,
  sha256 BLOB NOT NULL,
  header BLOB NOT NULL,
  sealed BLOB NOT NULL,
  sig BLOB NOT NULL,
  received_at TEXT NOT NULL,
  lane TEXT NOT NULL CHECK (lane IN ('enrolled', 'visitor')),
  force_id TEXT NOT NULL DEFAULT 'unknown',
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'opened', 'quarantined', 'dead_letter')),
  reason TEXT,
  UNIQUE (device_id, epoch, seq)
);

-- only: postgres
CREATE TABLE intake_item (
  pos BIGINT PRIMARY KEY CHECK (pos > 0),
  item_id TEXT NOT NULL UNIQUE,
  device_id TEXT NOT NULL,
  epoch TEXT NOT NULL,
  seq BIGINT NOT NULL,
  sha256 BLOB NOT NULL,
  header BLOB NOT NULL,
  sealed BLOB NOT NULL,
  sig BLOB NOT NULL,
  received_at TEXT NOT NULL,
  lane TEXT NOT NULL CHECK (lane IN ('enrolled', 'visitor')),
  force_id TEXT NOT NULL DEFAULT 'unknown',
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'opened', 'quarantined', 'dead_letter')),
  reason TEXT,
  UNIQUE (device_id, epoch, seq)
)
-- Sealed bytes do not compress; a text report stays in its row.
WITH (toast_tuple_target = 8160);

-- only: postgres
ALTER TABLE intake_item ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- "What has not been opened yet?", oldest first
CREATE INDEX intake_item_waiting ON intake_item (pos) WHERE state = 'waiting';

-- "What could not be opened?", newest first
CREATE INDEX intake_item_held ON intake_item (pos) WHERE state IN ('quarantined', 'dead_letter');

-- The same id with other bytes, or a used sequence number: kept whole for a person to look at.
-- Positions are of the same series as those of intake_item.
CREATE TABLE intake_conflict (
  pos BIGINT PRIMARY KEY CHECK (pos > 0),
  item_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  epoch TEXT NOT NULL,
  seq BIGINT NOT NULL,
  sha256 BLOB NOT NULL,
  header BLOB NOT NULL,
  sealed BLOB NOT NULL,
  sig BLOB NOT NULL,
  received_at TEXT NOT NULL,
  lane TEXT NOT NULL CHECK (lane IN ('enrolled', 'visitor')),
  why TEXT NOT NULL,
  UNIQUE (item_id, sha256)
);

-- The last heartbeat of each enrolled device's store: how the service notices what never came.
CREATE TABLE intake_device_seen (
  device_id TEXT NOT NULL,
  epoch TEXT NOT NULL,
  max_seq BIGINT NOT NULL,
  queued BIGINT NOT NULL,
  oldest_age_s BIGINT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (device_id, epoch)
);

-- A report that has been opened: encrypted under its own key, with what routing needs beside it.
CREATE TABLE opened_report (
  id TEXT PRIMARY KEY,
  pos BIGINT NOT NULL UNIQUE,
  -- 1, 2, 3 ... in order of opening, without gaps: what reads on from here misses nothing.
  number BIGINT NOT NULL UNIQUE CHECK (number > 0),
  -- Where answers go: the device's feed.
  feed_id TEXT NOT NULL,
  centre_id TEXT NOT NULL REFERENCES centre (id),
  sharing_choice TEXT NOT NULL CHECK (sharing_choice IN ('P1', 'P2', 'P3', 'U1', 'A1', 'A2')),
  force_id TEXT NOT NULL,
  area TEXT NOT NULL,
  received_at TEXT NOT NULL,
  opened_at TEXT NOT NULL,
  channel TEXT NOT NULL,
  -- Of the form inside `body`: readers convert from it.
  schema_v BIGINT NOT NULL,
  -- Why the centre is not the one that was named, if so.
  note TEXT,
  body BLOB NOT NULL
);

-- Destroying a row here destroys the report in every copy.
CREATE TABLE report_key (
  report_id TEXT PRIMARY KEY REFERENCES opened_report (id),
  wrapped BLOB NOT NULL
);

-- What a reporter has added to a report, encrypted under the report's key: it goes when the report goes.
CREATE TABLE opened_message (
  id TEXT PRIMARY KEY,
  -- 1, 2, 3 ... in order of opening, without gaps, a series of its own.
  number BIGINT NOT NULL UNIQUE CHECK (number > 0),
  report_id TEXT NOT NULL REFERENCES opened_report (id),
  received_at TEXT NOT NULL,
  body BLOB NOT NULL
);
