-- A link that makes somebody known here, once. It holds what they will be.
CREATE TABLE invitation (
  id TEXT PRIMARY KEY,
  -- SHA-256 of the token, in hexadecimal.
  token_hash TEXT NOT NULL UNIQUE CHECK (length(token_hash) = 64),
  -- Of the person, as those who invite know it.
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN (
    'centre_worker', 'centre_supervisor', 'support_partner', 'police_triage', 'hate_crime_coordinator',
    'conference_chair', 'conference_member', 'community_coordinator', 'adviser', 'scrutiny_panellist', 'analyst',
    'gold', 'dpo', 'sysadmin', 'intake_custodian')),
  force_id TEXT REFERENCES force (id),
  centre_id TEXT REFERENCES centre (id),
  agency_id TEXT REFERENCES agency (id),
  -- Whose invitation it is; NULL: of whoever runs the service.
  made_by TEXT REFERENCES person (id),
  made_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  -- When it was followed, and who they are now.
  used_at TEXT,
  person_id TEXT REFERENCES person (id),
  -- When it was taken back.
  ended_at TEXT,
  CHECK (force_id IS NULL OR centre_id IS NULL),
  CHECK (force_id IS NULL OR agency_id IS NULL),
  CHECK (centre_id IS NULL OR agency_id IS NULL)
);

-- "Who has been invited here and has not come?"
CREATE INDEX invitation_waiting ON invitation (expires_at) WHERE used_at IS NULL AND ended_at IS NULL;
