-- 'keys': it lets its keys go and sends what it holds. 'all': then it empties itself.
ALTER TABLE device ADD COLUMN revoke_scope TEXT CHECK (revoke_scope IN ('keys', 'all'));

-- Of the order that the device obeys: the same one is obeyed once.
ALTER TABLE device ADD COLUMN revoke_nonce TEXT;

-- An id is as good a nonce as any, and unique.
UPDATE device SET revoke_scope = 'keys', revoke_nonce = id WHERE revoked_at IS NOT NULL;
