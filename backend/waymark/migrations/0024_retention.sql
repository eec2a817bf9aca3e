-- One person asked that a report be erased; another one has to say so, too.
CREATE TABLE erasure_request (
  report_id TEXT PRIMARY KEY REFERENCES triage_report (report_id),
  -- Of the report, with the asking: whatever is done to it afterwards ends the request.
  version BIGINT NOT NULL,
  asked_by TEXT NOT NULL,
  asked_at TEXT NOT NULL,
  ground TEXT NOT NULL
);
