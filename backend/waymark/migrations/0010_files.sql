-- What a file is by its bytes, where the original may be handed out.
ALTER TABLE attachment ADD COLUMN kind TEXT;

-- When its bytes were given up; empty again once it goes on. Its device is told when it asks to go on.
ALTER TABLE attachment ADD COLUMN expired_at TEXT;
