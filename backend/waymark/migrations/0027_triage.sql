-- A hold stops every erasure. It is lifted by the side that has placed it.
ALTER TABLE triage_report ADD COLUMN hold_side TEXT CHECK (hold_side IN ('police', 'centre'));

-- Who has asked that it be erased, until anything else is done to it.
ALTER TABLE triage_report ADD COLUMN erasure_by TEXT;
