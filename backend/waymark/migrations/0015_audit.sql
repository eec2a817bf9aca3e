-- What the trail was at a moment, signed by the service. Copies lie outside this machine.
CREATE TABLE audit_checkpoint (
  pos BIGINT PRIMARY KEY CHECK (pos > 0),
  made_at TEXT NOT NULL CHECK (length(made_at) = 24),
  -- The file itself: JSON of position, hash and lineage under a signature.
  signed BLOB NOT NULL CHECK (length(signed) <= 2000)
);

-- only: sqlite
CREATE TRIGGER audit_checkpoint_never_changes BEFORE UPDATE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'audit checkpoints never change'); END;

-- only: sqlite
CREATE TRIGGER audit_checkpoint_never_goes BEFORE DELETE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'audit checkpoints are never deleted'); END;

-- only: postgres
CREATE TRIGGER audit_checkpoint_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse();
