-- What the opener could do when it last tried: its version and its keys. Able to do more, it tries again by itself.
ALTER TABLE intake_item ADD COLUMN tried_by TEXT;

-- When the device was told that a person has to look. Tried again, the item is not told of again.
ALTER TABLE intake_item ADD COLUMN told_at TEXT;
