-- Who holds what opens a report: one row for each centre and force that may read it. Destroying all rows of a
-- report destroys it in every copy.
CREATE TABLE report_key_kept AS SELECT report_id, wrapped FROM report_key;

DROP TABLE report_key;

CREATE TABLE report_key (
  report_id TEXT NOT NULL REFERENCES opened_report (id),
  -- 'centre:ID', 'force:ID', or 'force:unknown' for a report that every force may take.
  holder TEXT NOT NULL,
  -- Of the key that it is wrapped to; '' where it was wrapped to nobody in particular.
  kid TEXT NOT NULL,
  -- Whether what opens the person's name and contact is in it.
  person BOOLEAN NOT NULL,
  wrapped BLOB NOT NULL,
  PRIMARY KEY (report_id, holder)
);

-- "What is still wrapped to a key that is being given up?"
CREATE INDEX report_key_by_kid ON report_key (kid);

-- What was stored before has its person in the body, until it is sealed anew.
INSERT INTO report_key (report_id, holder, kid, person, wrapped)
SELECT k.report_id, 'centre:' || r.centre_id, '', TRUE, k.wrapped
FROM report_key_kept AS k
JOIN opened_report AS r ON r.id = k.report_id;

INSERT INTO report_key (report_id, holder, kid, person, wrapped)
SELECT k.report_id, 'force:' || t.force_id, '', TRUE, k.wrapped
FROM report_key_kept AS k
JOIN triage_report AS t ON t.report_id = k.report_id
WHERE t.released;

INSERT INTO report_key (report_id, holder, kid, person, wrapped)
SELECT k.report_id, 'force:' || t.offered_force_id, '', TRUE, k.wrapped
FROM report_key_kept AS k
JOIN triage_report AS t ON t.report_id = k.report_id
WHERE t.released AND t.offered_force_id IS NOT NULL AND t.offered_force_id <> t.force_id;

DROP TABLE report_key_kept;

-- Name and contact, encrypted under a key of their own. NULL: sealed before there was one, and in the body.
ALTER TABLE opened_report ADD COLUMN person BLOB;

-- What finds the same telephone or address again, keyed for each holder, so that it tells nobody else anything.
CREATE TABLE report_index (
  report_id TEXT NOT NULL REFERENCES opened_report (id),
  holder TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('phone', 'email', 'name_born')),
  digest BLOB NOT NULL,
  PRIMARY KEY (report_id, holder, kind)
);

-- "Which other reports have this telephone?"
CREATE INDEX report_index_by_digest ON report_index (holder, kind, digest);
