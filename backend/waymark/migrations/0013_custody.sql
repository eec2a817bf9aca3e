-- What a person has found out about reports that never came.
CREATE TABLE gap_explained (
  device_id TEXT NOT NULL,
  epoch TEXT NOT NULL,
  first_seq BIGINT NOT NULL,
  last_seq BIGINT NOT NULL,
  why TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (device_id, epoch, first_seq, last_seq),
  FOREIGN KEY (device_id) REFERENCES device (id)
);
