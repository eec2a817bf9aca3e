"""Who belongs to one's own place, for those who look after its people."""
