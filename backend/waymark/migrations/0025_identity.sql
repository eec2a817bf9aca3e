-- An authenticator app's secret (RFC 6238).
CREATE TABLE totp (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person (id),
  wrapped_key BLOB NOT NULL,
  -- The secret, encrypted under that key.
  sealed BLOB NOT NULL,
  made_at TEXT NOT NULL,
  -- When the app has shown that it has the secret; until then it proves nothing.
  confirmed_at TEXT,
  -- The last half minute whose code was used: none counts twice.
  last_step BIGINT NOT NULL DEFAULT 0,
  removed_at TEXT
);

-- One that counts, for each person.
CREATE UNIQUE INDEX totp_of_person ON totp (person_id) WHERE confirmed_at IS NOT NULL AND removed_at IS NULL;

-- Codes on paper, ten at a time. New ones end the old.
CREATE TABLE recovery_set (
  person_id TEXT PRIMARY KEY REFERENCES person (id),
  -- Of Argon2id: one computation is compared with all ten.
  salt BLOB NOT NULL,
  made_at TEXT NOT NULL
);

CREATE TABLE recovery_code (
  person_id TEXT NOT NULL REFERENCES person (id),
  digest BLOB NOT NULL,
  used_at TEXT,
  PRIMARY KEY (person_id, digest)
);

-- What was shown beside the password, if anything.
ALTER TABLE session ADD COLUMN second TEXT NOT NULL DEFAULT ''
  CHECK (second IN ('', 'code', 'recovery_code'));
