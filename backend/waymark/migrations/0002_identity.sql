-- Police forces that may see what is released to them.
CREATE TABLE force (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL
);

-- Third-party reporting centres: each report has one.
CREATE TABLE centre (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  force_id TEXT NOT NULL
);

CREATE TABLE person (
  id TEXT PRIMARY KEY,
  username TEXT NOT NULL UNIQUE CHECK (length(username) BETWEEN 1 AND 64),
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('police_triage', 'centre_worker', 'intake_custodian')),
  force_id TEXT REFERENCES force (id),
  centre_id TEXT REFERENCES centre (id),
  -- Argon2id, in its own encoded form.
  password_hash TEXT NOT NULL,
  -- Police belong to a force, centre workers to a centre, custodians to neither.
  CHECK ((role = 'police_triage') = (force_id IS NOT NULL)),
  CHECK ((role = 'centre_worker') = (centre_id IS NOT NULL))
);

CREATE TABLE session (
  -- SHA-256 of the cookie, in hexadecimal. The cookie itself is nowhere.
  token_hash TEXT PRIMARY KEY CHECK (length(token_hash) = 64),
  person_id TEXT NOT NULL REFERENCES person (id),
  created_at TEXT NOT NULL,
  last_seen_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  revoked_at TEXT
);

-- "Which sessions are over?" (cleaning)
CREATE INDEX session_by_expiry ON session (expires_at);

CREATE TABLE device (
  id TEXT PRIMARY KEY,
  centre_id TEXT NOT NULL REFERENCES centre (id),
  label TEXT NOT NULL CHECK (length(label) BETWEEN 1 AND 80),
  sign_key BLOB NOT NULL,
  seal_key BLOB NOT NULL,
  enrolled_at TEXT NOT NULL,
  revoked_at TEXT
);

-- "Which devices are ours?" (a centre's list)
CREATE INDEX device_by_centre ON device (centre_id, enrolled_at, id);

CREATE TABLE enrolment_code (
  code_hash TEXT PRIMARY KEY CHECK (length(code_hash) = 64),
  centre_id TEXT NOT NULL REFERENCES centre (id),
  label TEXT NOT NULL CHECK (length(label) BETWEEN 1 AND 80),
  made_by TEXT NOT NULL REFERENCES person (id),
  expires_at TEXT NOT NULL,
  used_at TEXT
);

-- Failed attempts in the running window, by what was attempted. Buckets are hashed.
CREATE TABLE throttle (
  bucket TEXT PRIMARY KEY,
  since TEXT NOT NULL,
  failure_count BIGINT NOT NULL
);
