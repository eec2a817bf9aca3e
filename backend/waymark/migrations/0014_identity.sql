-- When a tablet that was taken out of service first asked, under its own key, and was given the order.
ALTER TABLE device ADD COLUMN order_told_at TEXT;

-- How many reports it had said that it held, when it was taken out of service. Unknown: it had said nothing.
ALTER TABLE device ADD COLUMN held_when_revoked BIGINT;
