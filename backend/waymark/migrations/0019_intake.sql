-- Whether the phone that sent it had solved what was asked of it: then a flood of others does not lay it apart.
ALTER TABLE intake_item ADD COLUMN worked BOOLEAN NOT NULL DEFAULT FALSE;
