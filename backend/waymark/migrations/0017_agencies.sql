-- Each time that somebody changed who may see what of a report. Versions count up for each report.
CREATE TABLE release_change (
  report_id TEXT NOT NULL REFERENCES opened_report (id),
  version BIGINT NOT NULL CHECK (version > 0),
  -- 'choice': what the reporter chose; 'narrowed': what they took back; 'override': opened without them.
  basis TEXT NOT NULL CHECK (basis IN ('choice', 'narrowed', 'override')),
  at TEXT NOT NULL,
  -- Whoever decided.
  actor_id TEXT NOT NULL,
  actor_role TEXT NOT NULL,
  -- Of an override: why, by code, and whether the person who was harmed knows.
  ground TEXT,
  told TEXT CHECK (told IN ('yes', 'no', 'unsafe')),
  PRIMARY KEY (report_id, version),
  CHECK ((basis = 'override') = (ground IS NOT NULL)),
  CHECK ((basis = 'override') = (told IS NOT NULL))
);

-- What the police may see, one row for each group of answers. What has no row here that goes on is not released.
CREATE TABLE report_release (
  report_id TEXT NOT NULL REFERENCES opened_report (id),
  from_version BIGINT NOT NULL,
  field_group TEXT NOT NULL,
  basis TEXT NOT NULL CHECK (basis IN ('choice', 'override')),
  valid_from TEXT NOT NULL,
  until_version BIGINT,
  valid_to TEXT,
  PRIMARY KEY (report_id, from_version, field_group),
  FOREIGN KEY (report_id, from_version) REFERENCES release_change (report_id, version),
  CHECK ((valid_to IS NULL) = (until_version IS NULL))
);

-- What was released before this was written down.
INSERT INTO release_change (report_id, version, basis, at, actor_id, actor_role)
SELECT report_id, 1, 'choice', received_at, 'waymark', 'service' FROM triage_report WHERE released;

INSERT INTO report_release (report_id, from_version, field_group, basis, valid_from)
SELECT t.report_id, 1, g.field_group, 'choice', t.received_at
FROM triage_report AS t
CROSS JOIN (
  SELECT 'summary' AS field_group UNION ALL SELECT 'incident' UNION ALL SELECT 'narrative'
  UNION ALL SELECT 'strand' UNION ALL SELECT 'location' UNION ALL SELECT 'support' UNION ALL SELECT 'pictures'
  UNION ALL SELECT 'identity' UNION ALL SELECT 'contact') AS g
WHERE t.released AND (t.sharing_choice = 'P1' OR g.field_group NOT IN ('identity', 'contact'));
