-- A passkey: its private half never leaves the person's device or security key.
CREATE TABLE passkey (
  -- Of the credential, base64url.
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person (id),
  -- COSE, as the device gave it.
  public_key BLOB NOT NULL,
  -- How often it has been used, where the device counts. Never goes back but for a copy.
  sign_count BIGINT NOT NULL,
  -- What its owner calls it.
  name TEXT NOT NULL,
  -- Whether it is kept by a service that carries it to other devices.
  backed_up BOOLEAN NOT NULL,
  made_at TEXT NOT NULL,
  used_at TEXT,
  removed_at TEXT
);

-- "Which does this person have?"
CREATE INDEX passkey_by_person ON passkey (person_id) WHERE removed_at IS NULL;

-- A challenge that waits for its answer: once, within minutes, and in the browser that asked.
CREATE TABLE passkey_challenge (
  -- SHA-256 of a cookie, in hexadecimal.
  token_hash TEXT PRIMARY KEY CHECK (length(token_hash) = 64),
  challenge BLOB NOT NULL,
  purpose TEXT NOT NULL CHECK (purpose IN ('sign_in', 'add', 'verify')),
  -- Of whoever is logged in; nobody is, to sign in.
  person_id TEXT REFERENCES person (id),
  expires_at TEXT NOT NULL
);

-- By what this person is known, and when they last showed that it is them.
ALTER TABLE session ADD COLUMN how TEXT NOT NULL DEFAULT 'password' CHECK (how IN ('password', 'passkey'));

ALTER TABLE session ADD COLUMN verified_at TEXT NOT NULL DEFAULT '';
