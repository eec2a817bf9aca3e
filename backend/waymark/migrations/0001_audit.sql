-- Who did what to which report. Entries are only ever added; each holds the hash of the one before.
CREATE TABLE audit_entry (
  pos BIGINT PRIMARY KEY CHECK (pos > 0),
  at TEXT NOT NULL CHECK (length(at) = 24),
  actor_id TEXT NOT NULL,
  actor_role TEXT NOT NULL,
  action TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  -- JSON of codes and counts. Never a name, a place or a word of a report.
  detail TEXT NOT NULL CHECK (length(detail) <= 2000),
  prev_hash BLOB NOT NULL,
  hash BLOB NOT NULL UNIQUE
);

-- "What was done to this report?"
CREATE INDEX audit_entry_by_subject ON audit_entry (subject_kind, subject_id, pos);

-- only: sqlite
CREATE TRIGGER audit_entry_never_changes BEFORE UPDATE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'audit entries never change'); END;

-- only: sqlite
CREATE TRIGGER audit_entry_never_goes BEFORE DELETE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'audit entries are never deleted'); END;

-- only: postgres
CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit entries never change' USING ERRCODE = 'integrity_constraint_violation'; END $$;

-- only: postgres
CREATE TRIGGER audit_entry_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse();
