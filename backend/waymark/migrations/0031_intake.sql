-- Reports whose telephone or address some holder cannot find yet: the index could not be asked when they came.
CREATE TABLE report_index_due (
  report_id TEXT NOT NULL PRIMARY KEY REFERENCES opened_report (id)
);
