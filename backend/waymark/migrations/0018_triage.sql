-- A flood of visitors' reports to one area or force. Each is stored, opened and can be worked on like any other;
-- in the lists they lie apart, so that they bury nobody's.
CREATE TABLE triage_campaign (
  id TEXT PRIMARY KEY,
  -- What was flooded: see triage_series.
  series TEXT NOT NULL,
  began_at TEXT NOT NULL,
  -- When the newest of them came.
  last_at TEXT NOT NULL
);

-- "Is there one going on here?"
CREATE INDEX triage_campaign_by_series ON triage_campaign (series, last_at);

-- What is counted together: the reports to an area or a force, those that were released to the police and those
-- that were not by themselves. A bucket that leaks as fast as a few usual days would fill it.
CREATE TABLE triage_series (
  series TEXT PRIMARY KEY,
  empty_at TEXT NOT NULL,
  -- The day of the first.
  known_since TEXT NOT NULL
);

-- How many visitors' reports came on each day, wherever they lie: what is usual.
CREATE TABLE triage_series_day (
  series TEXT NOT NULL,
  on_day TEXT NOT NULL,
  count BIGINT NOT NULL,
  PRIMARY KEY (series, on_day)
);

ALTER TABLE triage_report ADD COLUMN campaign_id TEXT REFERENCES triage_campaign (id);

-- The lists' indexes again, without what lies apart: a page costs the same while thousands come.
DROP INDEX triage_report_by_force;

DROP INDEX triage_report_by_force_queue;

DROP INDEX triage_report_by_force_area;

DROP INDEX triage_report_by_force_centre;

DROP INDEX triage_report_by_force_sharing;

DROP INDEX triage_report_by_force_channel;

DROP INDEX triage_report_pictures_by_force;

DROP INDEX triage_report_replies_by_force;

DROP INDEX triage_report_due_by_force;

DROP INDEX triage_report_by_centre;

DROP INDEX triage_report_by_centre_queue;

DROP INDEX triage_report_by_centre_area;

DROP INDEX triage_report_by_centre_sharing;

DROP INDEX triage_report_by_centre_channel;

DROP INDEX triage_report_pictures_by_centre;

DROP INDEX triage_report_replies_by_centre;

DROP INDEX triage_report_due_by_centre;

CREATE INDEX triage_report_by_force ON triage_report (force_id, received_at, report_id) WHERE released AND campaign_id IS NULL;

CREATE INDEX triage_report_by_force_queue ON triage_report (force_id, queue, received_at, report_id) WHERE released AND campaign_id IS NULL;

CREATE INDEX triage_report_by_force_area ON triage_report (force_id, area, received_at, report_id) WHERE released AND campaign_id IS NULL;

CREATE INDEX triage_report_by_force_centre ON triage_report (force_id, centre_id, received_at, report_id) WHERE released AND campaign_id IS NULL;

CREATE INDEX triage_report_by_force_sharing ON triage_report (force_id, sharing_choice, received_at, report_id) WHERE released AND campaign_id IS NULL;

CREATE INDEX triage_report_by_force_channel ON triage_report (force_id, channel, received_at, report_id) WHERE released AND campaign_id IS NULL;

CREATE INDEX triage_report_pictures_by_force ON triage_report (force_id, received_at, report_id) WHERE released AND has_pictures AND campaign_id IS NULL;

CREATE INDEX triage_report_replies_by_force ON triage_report (force_id, received_at, report_id) WHERE released AND reply_waiting AND campaign_id IS NULL;

CREATE INDEX triage_report_due_by_force ON triage_report (force_id, received_at, report_id) WHERE released AND due_at IS NOT NULL AND campaign_id IS NULL;

CREATE INDEX triage_report_by_centre ON triage_report (centre_id, received_at, report_id) WHERE campaign_id IS NULL;

CREATE INDEX triage_report_by_centre_queue ON triage_report (centre_id, queue, received_at, report_id) WHERE campaign_id IS NULL;

CREATE INDEX triage_report_by_centre_area ON triage_report (centre_id, area, received_at, report_id) WHERE campaign_id IS NULL;

CREATE INDEX triage_report_by_centre_sharing ON triage_report (centre_id, sharing_choice, received_at, report_id) WHERE campaign_id IS NULL;

CREATE INDEX triage_report_by_centre_channel ON triage_report (centre_id, channel, received_at, report_id) WHERE campaign_id IS NULL;

CREATE INDEX triage_report_pictures_by_centre ON triage_report (centre_id, received_at, report_id) WHERE has_pictures AND campaign_id IS NULL;

CREATE INDEX triage_report_replies_by_centre ON triage_report (centre_id, received_at, report_id) WHERE reply_waiting AND campaign_id IS NULL;

CREATE INDEX triage_report_due_by_centre ON triage_report (centre_id, received_at, report_id) WHERE due_at IS NOT NULL AND campaign_id IS NULL;

-- What lies apart, newest first
CREATE INDEX triage_report_apart_by_force ON triage_report (force_id, received_at, report_id) WHERE released AND campaign_id IS NOT NULL;

CREATE INDEX triage_report_apart_by_centre ON triage_report (centre_id, received_at, report_id) WHERE campaign_id IS NOT NULL;
