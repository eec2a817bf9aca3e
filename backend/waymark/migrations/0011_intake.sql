-- Which numbers of an enrolled device have come, as runs without holes: what is missing is found at a cost that
-- does not grow with what is stored.
CREATE TABLE intake_device_run (
  device_id TEXT NOT NULL,
  epoch TEXT NOT NULL,
  first_seq BIGINT NOT NULL CHECK (first_seq > 0),
  last_seq BIGINT NOT NULL,
  PRIMARY KEY (device_id, epoch, first_seq),
  CHECK (last_seq >= first_seq)
);

INSERT INTO intake_device_run (device_id, epoch, first_seq, last_seq)
SELECT device_id, epoch, MIN(seq), MAX(seq)
FROM (
  SELECT device_id, epoch, seq,
         seq - ROW_NUMBER() OVER (PARTITION BY device_id, epoch ORDER BY seq) AS run
  FROM (
    SELECT device_id, epoch, seq FROM intake_item WHERE lane = 'enrolled'
    UNION
    SELECT device_id, epoch, seq FROM intake_conflict WHERE lane = 'enrolled'
  ) AS come
) AS numbered
GROUP BY device_id, epoch, run;
