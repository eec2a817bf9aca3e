-- Where a report stands. What lists filter and sort by is copied here, so that no list opens a report.
CREATE TABLE triage_report (
  report_id TEXT PRIMARY KEY,
  -- The report's number in order of opening: screening reads on from the highest.
  number BIGINT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN (
    'received', 'screened', 'awaiting_triage', 'in_triage', 'needs_info', 'transferred', 'crime_recorded',
    'crime_not_recorded', 'non_crime_recorded', 'intelligence_only', 'support_only', 'not_hate_referred',
    'centre_only', 'closed', 'reopened')),
  -- Whose turn it is, as the lists have it.
  queue TEXT NOT NULL DEFAULT 'waiting'
    CHECK (queue IN ('waiting', 'acknowledged', 'needs_info', 'decided', 'closed')),
  -- True exactly for what the reporter released to the police.
  released BOOLEAN NOT NULL,
  force_id TEXT NOT NULL,
  centre_id TEXT NOT NULL,
  received_at TEXT NOT NULL,
  area TEXT NOT NULL,
  sharing_choice TEXT NOT NULL,
  channel TEXT NOT NULL,
  has_pictures BOOLEAN NOT NULL DEFAULT FALSE,
  acknowledged_at TEXT,
  acknowledged_by TEXT,
  -- The next thing that has a limit; NULL when nothing has.
  due_at TEXT,
  due_for TEXT CHECK (due_for IN ('acknowledge', 'decide')),
  -- A question waits for an answer since then.
  asked_at TEXT,
  -- The reporter has written, and nobody has acted on it.
  reply_waiting BOOLEAN NOT NULL DEFAULT FALSE,
  -- The code of the last decision.
  decided TEXT,
  -- The force that has been asked to take it.
  offered_force_id TEXT,
  offered_at TEXT,
  version BIGINT NOT NULL DEFAULT 1,
  CHECK (released OR state IN ('received', 'screened', 'centre_only', 'closed', 'reopened')),
  CHECK (released OR offered_force_id IS NULL),
  CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)),
  CHECK ((due_at IS NULL) = (due_for IS NULL)),
  CHECK ((offered_force_id IS NULL) = (offered_at IS NULL)),
  CHECK ((offered_force_id IS NULL) = (state <> 'transferred'))
);

-- The police list, newest first, and the same by each thing that it is filtered by
CREATE INDEX triage_report_by_force ON triage_report (force_id, received_at, report_id) WHERE released;

CREATE INDEX triage_report_by_force_queue ON triage_report (force_id, queue, received_at, report_id) WHERE released;

CREATE INDEX triage_report_by_force_area ON triage_report (force_id, area, received_at, report_id) WHERE released;

CREATE INDEX triage_report_by_force_centre ON triage_report (force_id, centre_id, received_at, report_id) WHERE released;

CREATE INDEX triage_report_by_force_sharing ON triage_report (force_id, sharing_choice, received_at, report_id) WHERE released;

CREATE INDEX triage_report_by_force_channel ON triage_report (force_id, channel, received_at, report_id) WHERE released;

CREATE INDEX triage_report_pictures_by_force ON triage_report (force_id, received_at, report_id) WHERE released AND has_pictures;

CREATE INDEX triage_report_replies_by_force ON triage_report (force_id, received_at, report_id) WHERE released AND reply_waiting;

CREATE INDEX triage_report_due_by_force ON triage_report (force_id, received_at, report_id) WHERE released AND due_at IS NOT NULL;

-- The centre's list, the same way
CREATE INDEX triage_report_by_centre ON triage_report (centre_id, received_at, report_id);

CREATE INDEX triage_report_by_centre_queue ON triage_report (centre_id, queue, received_at, report_id);

CREATE INDEX triage_report_by_centre_area ON triage_report (centre_id, area, received_at, report_id);

CREATE INDEX triage_report_by_centre_sharing ON triage_report (centre_id, sharing_choice, received_at, report_id);

CREATE INDEX triage_report_by_centre_channel ON triage_report (centre_id, channel, received_at, report_id);

CREATE INDEX triage_report_pictures_by_centre ON triage_report (centre_id, received_at, report_id) WHERE has_pictures;

CREATE INDEX triage_report_replies_by_centre ON triage_report (centre_id, received_at, report_id) WHERE reply_waiting;

CREATE INDEX triage_report_due_by_centre ON triage_report (centre_id, received_at, report_id) WHERE due_at IS NOT NULL;

-- "What has been offered to us?", and "which offers have run out?"
CREATE INDEX triage_report_offered ON triage_report (offered_force_id, received_at, report_id) WHERE offered_force_id IS NOT NULL;

-- "Which questions have gone unanswered for long?"
CREATE INDEX triage_report_asked ON triage_report (asked_at) WHERE asked_at IS NOT NULL;

-- What was done to a report, as the people who work on it may read it.
CREATE TABLE triage_event (
  id TEXT PRIMARY KEY,
  report_id TEXT NOT NULL REFERENCES triage_report (report_id),
  number BIGINT NOT NULL,
  at TEXT NOT NULL,
  -- The organisation that acted; the person is in the audit trail.
  who TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('police', 'centre', 'service', 'reporter')),
  action TEXT NOT NULL,
  code TEXT NOT NULL DEFAULT '',
  -- Whether the reporter was told; empty where there was nothing to tell.
  told TEXT NOT NULL DEFAULT '' CHECK (told IN ('', 'reporter', 'nobody')),
  -- What was said to the reporter, or by them. Encrypted under the report's key.
  text BLOB,
  -- What is for one's own side alone, as JSON. Encrypted under the report's key.
  detail BLOB,
  -- Of the reporter's message: screening reads on from the highest.
  message_number BIGINT UNIQUE,
  UNIQUE (report_id, number)
);

-- How often anything has changed for a force or a centre: pages that wait for news look here.
CREATE TABLE triage_change (
  scope TEXT PRIMARY KEY,
  number BIGINT NOT NULL CHECK (number > 0)
);
