"""Who may see what of one report changes: narrowed on the reporter's word, opened by override, unmasked."""
