/** Stand-in until the shared statements are there. */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS outbox(
  item_id TEXT PRIMARY KEY, device_id TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL CHECK(seq >= 1),
  kid TEXT NOT NULL, mode TEXT NOT NULL, reference TEXT NOT NULL, created_at TEXT NOT NULL,
  header BLOB NOT NULL, sealed BLOB NOT NULL, sha256 BLOB NOT NULL, sig BLOB NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('queued','receipted','quarantined')), reason TEXT,
  incarnation TEXT, pos INTEGER, verdict TEXT, receipt BLOB, UNIQUE(device_id, epoch, seq)) STRICT;
`
export const STATEMENTS = {
  insert: `INSERT INTO outbox(item_id, device_id, epoch, seq, kid, mode, reference, created_at, header, sealed, sha256, sig, state)
    VALUES (:item_id, :device_id, :epoch, :seq, :kid, :mode, :reference, :created_at, :header, :sealed, :sha256, :sig, 'queued')
    ON CONFLICT (item_id) DO NOTHING`,
  read: `SELECT * FROM outbox WHERE item_id = :item_id`,
  list: `SELECT item_id, state, incarnation, receipt FROM outbox ORDER BY created_at, item_id`,
  sequence: `SELECT epoch, max(seq) AS max_seq FROM outbox WHERE device_id = :device_id AND epoch =
    (SELECT epoch FROM outbox WHERE device_id = :device_id ORDER BY created_at DESC LIMIT 1) GROUP BY epoch`,
  receipted: `UPDATE outbox SET state='receipted', incarnation=:incarnation, pos=:pos, verdict=:verdict, receipt=:receipt WHERE item_id=:item_id`,
  quarantined: `UPDATE outbox SET state='quarantined', reason=:reason WHERE item_id=:item_id AND state='queued'`,
  requeued: `UPDATE outbox SET state='queued' WHERE item_id=:item_id`,
} as const
