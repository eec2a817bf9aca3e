-- Why a report is not to be erased, and for how long at least. What was lifted stays as a record.
CREATE TABLE legal_hold (
  id TEXT PRIMARY KEY,
  report_id TEXT NOT NULL REFERENCES triage_report (report_id),
  side TEXT NOT NULL CHECK (side IN ('police', 'centre')),
  -- By code, of the policy.
  reason TEXT NOT NULL,
  placed_by TEXT NOT NULL,
  placed_at TEXT NOT NULL,
  lifted_by TEXT,
  lifted_at TEXT,
  CHECK ((lifted_by IS NULL) = (lifted_at IS NULL))
);

-- One that stands, for each report.
CREATE UNIQUE INDEX legal_hold_standing ON legal_hold (report_id) WHERE lifted_at IS NULL;

-- When it is time to ask whether a closed report is still needed. A report that is open has no row.
CREATE TABLE retention_case (
  report_id TEXT PRIMARY KEY REFERENCES triage_report (report_id),
  centre_id TEXT NOT NULL,
  closed_at TEXT NOT NULL,
  review_at TEXT NOT NULL,
  -- What the last one who decided to keep it has said, by code; NULL: nobody has been asked yet.
  kept_for TEXT,
  kept_by TEXT,
  kept_at TEXT,
  CHECK ((kept_for IS NULL) = (kept_by IS NULL))
);

-- "What is due here?"
CREATE INDEX retention_case_by_centre ON retention_case (centre_id, review_at, report_id);

CREATE INDEX retention_case_by_review ON retention_case (review_at, report_id);
