-- Who wants to be told that something waits, and where a knock for them goes.
CREATE TABLE knock (
  id TEXT PRIMARY KEY,
  -- A tablet's feed opens with its first message, so it need not be there yet.
  feed_id TEXT NOT NULL,
  -- SHA-256 of feed and endpoint together: two reports of one phone do not look alike.
  endpoint_hash BLOB NOT NULL UNIQUE CHECK (length(endpoint_hash) = 32),
  -- Endpoint and its keys, under a key of their own.
  wrapped_key BLOB NOT NULL,
  sealed BLOB NOT NULL,
  -- Up to here the feed needs no knock any more.
  knocked_pos BIGINT NOT NULL CHECK (knocked_pos >= 0),
  -- Failures in a row, and how many of them were refusals.
  failures BIGINT NOT NULL DEFAULT 0 CHECK (failures >= 0),
  refusals BIGINT NOT NULL DEFAULT 0 CHECK (refusals >= 0),
  -- Nobody else knocks before then. NULL: at the next message.
  next_try_at TEXT,
  made_at TEXT NOT NULL
);

-- "Who wants to know about this feed?" (a new message; a feed's own list)
CREATE INDEX knock_by_feed ON knock (feed_id, made_at);

-- "Which knocks are to be tried again?"
CREATE INDEX knock_to_try_again ON knock (next_try_at) WHERE next_try_at IS NOT NULL;

-- "What was posted of late that is worth a knock?" Receipts, the bulk of all messages, are not in it.
CREATE INDEX mailbox_message_worth_a_knock ON mailbox_message (created_at)
  WHERE kind IN ('ack', 'message', 'signpost', 'status');
