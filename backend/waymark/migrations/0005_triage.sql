-- Where a report stands. What lists filter and sort by is copied here once and never changes.
CREATE TABLE triage_report (
  report_id TEXT PRIMARY KEY,
  -- The report's number in order of opening: screening reads on from the highest.
  number BIGINT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('received', 'screened', 'awaiting_triage', 'in_triage', 'centre_only')),
  -- True exactly for what the reporter released to the police.
  released BOOLEAN NOT NULL,
  force_id TEXT NOT NULL,
  centre_id TEXT NOT NULL,
  received_at TEXT NOT NULL,
  acknowledged_at TEXT,
  acknowledged_by TEXT,
  version BIGINT NOT NULL DEFAULT 1,
  CHECK (released OR state NOT IN ('awaiting_triage', 'in_triage')),
  CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
);

-- The police list, newest first
CREATE INDEX triage_report_by_force ON triage_report (force_id, received_at, report_id) WHERE released;

-- The police list of what waits
CREATE INDEX triage_report_waiting_by_force ON triage_report (force_id, received_at, report_id)
WHERE released AND acknowledged_at IS NULL;

-- The centre's list, newest first
CREATE INDEX triage_report_by_centre ON triage_report (centre_id, received_at, report_id);

-- The centre's list of what waits
CREATE INDEX triage_report_waiting_by_centre ON triage_report (centre_id, received_at, report_id)
WHERE acknowledged_at IS NULL;

-- What was done to a report, as the people who work on it may read it.
CREATE TABLE triage_event (
  id TEXT PRIMARY KEY,
  report_id TEXT NOT NULL REFERENCES triage_report (report_id),
  number BIGINT NOT NULL,
  at TEXT NOT NULL,
  -- The organisation that acted; the person is in the audit trail.
  who TEXT NOT NULL,
  action TEXT NOT NULL,
  -- Encrypted under the report's key.
  text BLOB,
  UNIQUE (report_id, number)
);
