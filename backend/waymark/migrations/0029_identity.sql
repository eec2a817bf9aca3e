-- A desk that several people use locks itself when it is left: nothing is shown until its person, or another,
-- has shown who they are.
ALTER TABLE session ADD COLUMN shared BOOLEAN NOT NULL DEFAULT FALSE;

-- Since when the page is locked; empty while it is open. Unlocking goes on under a new token.
ALTER TABLE session ADD COLUMN locked_at TEXT;
