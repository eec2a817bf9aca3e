-- Keys that a tablet has given up. What they signed up to a number may still come; beyond it, it comes from a copy.
CREATE TABLE device_key (
  device_id TEXT NOT NULL REFERENCES device (id),
  sign_key BLOB NOT NULL,
  epoch TEXT NOT NULL,
  seq BIGINT NOT NULL,
  replaced_at TEXT NOT NULL,
  PRIMARY KEY (device_id, sign_key)
);

-- Since when its keys count, where they are not those that it was enrolled with.
ALTER TABLE device ADD COLUMN keys_since TEXT;

-- A person has asked it for new ones, and it has not brought them yet.
ALTER TABLE device ADD COLUMN keys_asked_at TEXT;

-- Somebody has first shown keys that it had given up: it may have been copied.
ALTER TABLE device ADD COLUMN keys_doubted_at TEXT;
