-- What goes back to a device: one feed for each, sealed to the feed's own key.
CREATE TABLE mailbox_feed (
  feed_id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('enrolled', 'visitor', 'return')),
  -- Pulls are signed with it. A feed that only a return code opens has none.
  sign_key BLOB,
  -- Messages are sealed to it.
  seal_key BLOB NOT NULL,
  last_pos BIGINT NOT NULL DEFAULT 0 CHECK (last_pos >= 0),
  -- Running hash over every message so far.
  chain BLOB NOT NULL,
  CHECK ((kind = 'return') = (sign_key IS NULL))
);

CREATE TABLE mailbox_message (
  id TEXT PRIMARY KEY,
  feed_id TEXT NOT NULL REFERENCES mailbox_feed (feed_id),
  pos BIGINT NOT NULL CHECK (pos > 0),
  kind TEXT NOT NULL,
  -- Space-separated capabilities without which a device cannot show it.
  min_caps TEXT NOT NULL DEFAULT '',
  sealed BLOB NOT NULL,
  -- The key that signed, and what a device verifies before it believes a message.
  kid TEXT NOT NULL,
  sig BLOB NOT NULL,
  chain BLOB NOT NULL,
  created_at TEXT NOT NULL,
  -- A pull reads one feed from a position on.
  UNIQUE (feed_id, pos)
);

-- The way back to a report with its return code. Of the code there are two hashes here, and no way to it.
CREATE TABLE return_way (
  -- SHA-256 of the locator. The first report that names it has it.
  locator_hash BLOB PRIMARY KEY CHECK (length(locator_hash) = 32),
  -- SHA-256 of the authenticator.
  verifier BLOB NOT NULL CHECK (length(verifier) = 32),
  item_id TEXT NOT NULL UNIQUE,
  -- Hash and position of the item and when it was taken in, for its proof.
  sha256 BLOB NOT NULL,
  pos BIGINT NOT NULL,
  received_at TEXT NOT NULL,
  feed_id TEXT NOT NULL REFERENCES mailbox_feed (feed_id),
  -- When the code was first used: from then on a centre's tablet is told no more.
  claimed_at TEXT,
  -- A day: how often somebody looks is nobody's business.
  last_used_on TEXT
);
