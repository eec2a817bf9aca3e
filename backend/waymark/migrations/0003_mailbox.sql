-- What goes back to a device: one feed for each, sealed to the feed's own key.
CREATE TABLE mailbox_feed (
  feed_id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('enrolled', 'visitor')),
  -- Pulls are signed with it.
  sign_key BLOB NOT NULL,
  -- Messages are sealed to it.
  seal_key BLOB NOT NULL,
  last_pos BIGINT NOT NULL DEFAULT 0 CHECK (last_pos >= 0),
  -- Running hash over every message so far.
  chain BLOB NOT NULL
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
