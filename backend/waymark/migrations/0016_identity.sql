-- Organisations begin and end. An empty beginning means: as long as anybody can remember.
ALTER TABLE force ADD COLUMN valid_from TEXT NOT NULL DEFAULT '';

ALTER TABLE force ADD COLUMN valid_to TEXT;

-- The force that this one was merged into: what was its own passes to that one when it ends.
ALTER TABLE force ADD COLUMN successor_id TEXT REFERENCES force (id);

ALTER TABLE centre ADD COLUMN valid_from TEXT NOT NULL DEFAULT '';

ALTER TABLE centre ADD COLUMN valid_to TEXT;

-- Charities, landlords, councils: they work with centres and forces, and see what is disclosed to them.
CREATE TABLE agency (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  valid_from TEXT NOT NULL DEFAULT '',
  valid_to TEXT
);

-- What a person was made with, until it stands below as a membership.
CREATE TABLE person_kept AS SELECT id, username, name, role, force_id, centre_id, password_hash FROM person;

-- only: postgres
-- A role and an organisation are no longer for ever: they leave the person's row.
ALTER TABLE person DROP COLUMN role, DROP COLUMN force_id, DROP COLUMN centre_id;

-- only: sqlite
PRAGMA defer_foreign_keys = ON;

-- only: sqlite
DROP TABLE person;

-- only: sqlite
CREATE TABLE person (
  id TEXT PRIMARY KEY,
  username TEXT NOT NULL UNIQUE CHECK (length(username) BETWEEN 1 AND 64),
  name TEXT NOT NULL,
  -- Argon2id, in its own encoded form.
  password_hash TEXT NOT NULL
);

-- only: sqlite
INSERT INTO person (id, username, name, password_hash)
SELECT id, username, name, password_hash FROM person_kept;

-- Who a person is here, for whom, and from when until when.
CREATE TABLE membership (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person (id),
  role TEXT NOT NULL CHECK (role IN (
    'centre_worker', 'centre_supervisor', 'support_partner', 'police_triage', 'hate_crime_coordinator',
    'conference_chair', 'conference_member', 'community_coordinator', 'adviser', 'scrutiny_panellist', 'analyst',
    'gold', 'dpo', 'sysadmin', 'intake_custodian')),
  force_id TEXT REFERENCES force (id),
  centre_id TEXT REFERENCES centre (id),
  agency_id TEXT REFERENCES agency (id),
  -- Included.
  valid_from TEXT NOT NULL,
  -- Not included; NULL while nobody has ended it.
  valid_to TEXT,
  -- Of one organisation at most: nobody is police and centre at once.
  CHECK (force_id IS NULL OR centre_id IS NULL),
  CHECK (force_id IS NULL OR agency_id IS NULL),
  CHECK (centre_id IS NULL OR agency_id IS NULL),
  CHECK (role NOT IN ('police_triage', 'hate_crime_coordinator', 'gold') OR force_id IS NOT NULL),
  CHECK (role NOT IN ('centre_worker', 'centre_supervisor') OR centre_id IS NOT NULL),
  CHECK (role <> 'support_partner' OR agency_id IS NOT NULL),
  CHECK (role NOT IN ('intake_custodian', 'sysadmin')
    OR (force_id IS NULL AND centre_id IS NULL AND agency_id IS NULL))
);

INSERT INTO membership (id, person_id, role, force_id, centre_id, valid_from)
SELECT id, id, role, force_id, centre_id, '' FROM person_kept;

DROP TABLE person_kept;

-- "Who is this person today?"; and nobody has two roles that go on for ever.
CREATE INDEX membership_by_person ON membership (person_id, valid_from);

CREATE UNIQUE INDEX membership_open ON membership (person_id) WHERE valid_to IS NULL;
