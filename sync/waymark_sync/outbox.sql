-- The outbox of one device: schema and statements, run as they stand by Python and by the browser.
--
-- A line "-- :name" starts a section. Sections named schema_N are scripts, run in order in one transaction
-- while PRAGMA user_version is below N, which they then set; a released one never changes and later ones
-- only add. Every other section is one statement with :named parameters.
--
-- Times named ..._at of the device are UTC text; next_try_at is milliseconds since 1970 by the device's
-- clock, which may be wrong: it only ever delays, and never for longer than a day and a quarter.

-- :schema_1
CREATE TABLE outbox (
  item_id TEXT PRIMARY KEY CHECK (length(item_id) = 36),
  device_id TEXT NOT NULL CHECK (length(device_id) = 36),
  epoch TEXT NOT NULL CHECK (length(epoch) = 16),
  seq INTEGER NOT NULL CHECK (seq >= 1),
  created_at TEXT NOT NULL,
  header BLOB NOT NULL,
  sealed BLOB,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  sig BLOB NOT NULL CHECK (length(sig) = 64),
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'receipted', 'quarantined', 'tombstone')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  -- How many may share its request: halved when a request fails as a whole, so a poison item ends up alone.
  companions INTEGER NOT NULL DEFAULT 64 CHECK (companions BETWEEN 1 AND 64),
  solo_failures INTEGER NOT NULL DEFAULT 0 CHECK (solo_failures >= 0),
  next_try_at INTEGER,
  last_error TEXT,
  -- msgpack of ReceiptBody: kept when the bytes are gone, as proof that the report was handed in.
  receipt BLOB,
  incarnation TEXT,
  pos INTEGER,
  UNIQUE (device_id, epoch, seq),
  CHECK ((state = 'tombstone') = (sealed IS NULL)),
  CHECK (state NOT IN ('receipted', 'tombstone') OR (receipt IS NOT NULL AND incarnation IS NOT NULL AND pos IS NOT NULL))
) STRICT;

-- Serves :due.
CREATE INDEX outbox_by_state ON outbox (state, next_try_at);

CREATE TRIGGER outbox_frozen
BEFORE UPDATE OF item_id, device_id, epoch, seq, created_at, header, sha256, sig ON outbox
BEGIN
  SELECT RAISE(ABORT, 'a sealed report is frozen');
END;

CREATE TRIGGER outbox_sealed_frozen
BEFORE UPDATE OF sealed ON outbox
WHEN NEW.sealed IS NOT NULL OR OLD.state <> 'receipted'
BEGIN
  SELECT RAISE(ABORT, 'sealed bytes go only when a receipt is held');
END;

CREATE TRIGGER outbox_kept
BEFORE DELETE ON outbox
BEGIN
  SELECT RAISE(ABORT, 'an outbox forgets nothing');
END;

-- REPLACE would delete without asking outbox_kept; the same report again is no error.
CREATE TRIGGER outbox_same
BEFORE INSERT ON outbox
WHEN EXISTS (SELECT 1 FROM outbox WHERE item_id = NEW.item_id AND sha256 = NEW.sha256)
BEGIN
  SELECT RAISE(IGNORE);
END;

CREATE TRIGGER outbox_not_replaced
BEFORE INSERT ON outbox
WHEN EXISTS (
  SELECT 1
  FROM outbox
  WHERE (item_id = NEW.item_id AND sha256 <> NEW.sha256)
    OR (device_id = NEW.device_id AND epoch = NEW.epoch AND seq = NEW.seq AND item_id <> NEW.item_id)
)
BEGIN
  SELECT RAISE(ABORT, 'another report has this id or number');
END;

CREATE TABLE device_state (
  key TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT;

CREATE TABLE feed_message (
  id TEXT PRIMARY KEY,
  feed_id TEXT NOT NULL,
  pos INTEGER NOT NULL,
  kind TEXT NOT NULL,
  sealed BLOB NOT NULL,
  applied INTEGER NOT NULL DEFAULT 0 CHECK (applied IN (0, 1))
) STRICT;

-- Serves :feed_messages.
CREATE INDEX feed_message_by_feed ON feed_message (feed_id, pos);

CREATE TABLE feed_cursor (
  feed_id TEXT PRIMARY KEY,
  cursor TEXT NOT NULL,
  incarnation TEXT NOT NULL
) STRICT;

-- :next_seq
SELECT COALESCE(MAX(seq), 0) + 1
FROM outbox
WHERE device_id = :device_id AND epoch = :epoch

-- :add
INSERT INTO outbox (item_id, device_id, epoch, seq, created_at, header, sealed, sha256, sig)
VALUES (:item_id, :device_id, :epoch, :seq, :created_at, :header, :sealed, :sha256, :sig)

-- :item
SELECT item_id, device_id, epoch, seq, created_at, header, sealed, sha256, sig, state, attempts, companions,
  solo_failures, next_try_at, last_error, receipt, incarnation, pos
FROM outbox
WHERE item_id = :item_id

-- :items
SELECT item_id, device_id, epoch, seq, created_at, header, sealed, sha256, sig, state, attempts, companions,
  solo_failures, next_try_at, last_error, receipt, incarnation, pos
FROM outbox
ORDER BY created_at, device_id, epoch, seq

-- Those that a fault has parted travel last; a clock that was set back must not hold an item for ever.
-- :due
SELECT item_id, device_id, epoch, seq, created_at, header, sealed, sha256, sig, state, attempts, companions,
  solo_failures, next_try_at, last_error, receipt, incarnation, pos
FROM outbox
WHERE state = 'queued' AND (next_try_at IS NULL OR next_try_at <= :now OR next_try_at > :now + 108000000)
ORDER BY companions DESC, created_at, device_id, epoch, seq
LIMIT :limit

-- :queued_headers
SELECT header
FROM outbox
WHERE state = 'queued' AND device_id = :device_id AND epoch = :epoch
ORDER BY seq
LIMIT 1000

-- :oldest_queued
SELECT MIN(created_at)
FROM outbox
WHERE state = 'queued' AND device_id = :device_id AND epoch = :epoch

-- :next_try
SELECT MIN(COALESCE(next_try_at, 0))
FROM outbox
WHERE state = 'queued'

-- Compare-and-set: nothing happens unless these very bytes still wait. The same receipt again is no change.
-- :record_receipt
UPDATE outbox
SET state = 'receipted', receipt = :receipt, incarnation = :incarnation, pos = :pos,
  next_try_at = NULL, last_error = NULL
WHERE item_id = :item_id AND sha256 = :sha256 AND state IN ('queued', 'quarantined')

-- Another drainer may have had better luck meanwhile: then attempts differ, and its word stands.
-- :record_retry
UPDATE outbox
SET attempts = :attempts, companions = :companions, solo_failures = :solo_failures,
  next_try_at = :next_try_at, last_error = :last_error
WHERE item_id = :item_id AND state = 'queued' AND attempts = :attempts_before

-- :quarantine
UPDATE outbox
SET state = 'quarantined', next_try_at = NULL, last_error = :last_error
WHERE item_id = :item_id AND sha256 = :sha256 AND state = 'queued'

-- The service was restored from an older copy: everything still held is offered again.
-- :requeue_all
UPDATE outbox
SET state = 'queued', attempts = 0, companions = 64, solo_failures = 0, next_try_at = NULL, last_error = NULL
WHERE state IN ('receipted', 'quarantined') AND incarnation IS NOT :incarnation

-- :send_now
UPDATE outbox
SET next_try_at = NULL
WHERE state = 'queued'

-- Every backup that may be restored holds it: asked for by whoever has read a floor beside this receipt.
-- :let_go
UPDATE outbox
SET state = 'tombstone', sealed = NULL
WHERE item_id = :item_id AND sha256 = :sha256 AND state = 'receipted' AND incarnation = :incarnation AND pos = :pos

-- The service was copied back by hand and lacks it.
-- :offer_again
UPDATE outbox
SET state = 'queued', attempts = 0, companions = 64, solo_failures = 0, next_try_at = NULL, last_error = NULL
WHERE item_id = :item_id AND sha256 = :sha256 AND state = 'receipted' AND pos = :pos

-- :retained
SELECT device_id, item_id, sha256, pos
FROM outbox
WHERE state = 'receipted' AND (device_id, item_id) > (:device_id, :item_id)
ORDER BY device_id, item_id
LIMIT :limit

-- :holding
SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'receipted')

-- One row per epoch of a device. Whole means: seq 1 to max_seq, each once; a row has exactly one state.
-- :custody
SELECT epoch, MAX(seq) AS max_seq, COUNT(*) AS held,
  SUM(state = 'queued') AS queued, SUM(state = 'receipted') AS receipted,
  SUM(state = 'quarantined') AS quarantined, SUM(state = 'tombstone') AS tombstones
FROM outbox
WHERE device_id = :device_id
GROUP BY epoch
ORDER BY epoch

-- :state
SELECT value
FROM device_state
WHERE key = :key

-- :keep_state
INSERT INTO device_state (key, value)
VALUES (:key, :value)
ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- The same message again, after a reset, is not applied again.
-- :add_message
INSERT INTO feed_message (id, feed_id, pos, kind, sealed)
VALUES (:id, :feed_id, :pos, :kind, :sealed)
ON CONFLICT (id) DO NOTHING

-- :feed_messages
SELECT id, feed_id, pos, kind, sealed, applied
FROM feed_message
WHERE feed_id = :feed_id
ORDER BY pos, id

-- :mark_applied
UPDATE feed_message
SET applied = 1
WHERE id = :id

-- :cursor
SELECT cursor, incarnation
FROM feed_cursor
WHERE feed_id = :feed_id

-- :keep_cursor
INSERT INTO feed_cursor (feed_id, cursor, incarnation)
VALUES (:feed_id, :cursor, :incarnation)
ON CONFLICT (feed_id) DO UPDATE SET cursor = excluded.cursor, incarnation = excluded.incarnation

-- :forget_cursors
DELETE FROM feed_cursor

-- :forget_messages
DELETE FROM feed_message

-- Sealed bytes that never arrived.
-- :stuck
SELECT EXISTS (SELECT 1 FROM outbox WHERE state IN ('queued', 'quarantined'))

-- Every backup of the service holds all of it, and this device is nobody's any more: the next four, as one.
-- :may_forget
DROP TRIGGER outbox_kept

-- :forget_reports
DELETE FROM outbox

-- :forget_state
DELETE FROM device_state

-- :may_not_forget
CREATE TRIGGER IF NOT EXISTS outbox_kept
BEFORE DELETE ON outbox
BEGIN
  SELECT RAISE(ABORT, 'an outbox forgets nothing');
END

-- Queued, and not known to fail all alone.
-- :draining
SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'queued' AND solo_failures < :solo_failures)
