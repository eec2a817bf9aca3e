-- Reporters who wait to hear who may read their report and who has. A row goes when they are told.
CREATE TABLE access_question (
  report_id TEXT PRIMARY KEY REFERENCES opened_report (id) ON DELETE CASCADE,
  asked_at TEXT NOT NULL
);
