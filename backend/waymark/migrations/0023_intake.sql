-- What was erased: id and hash of what had come, so that it does not come back, and nothing of what it said.
CREATE TABLE intake_erased (
  id TEXT NOT NULL,
  sha256 BLOB NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('item', 'file')),
  report_id TEXT NOT NULL,
  erased_at TEXT NOT NULL,
  -- Why, by code.
  ground TEXT NOT NULL,
  -- When its files and its keys in the intake log were gone, too.
  swept_at TEXT,
  PRIMARY KEY (id, sha256)
);

-- "What of it still lies outside the database?"
CREATE INDEX intake_erased_unswept ON intake_erased (erased_at) WHERE swept_at IS NULL;
