"""Content-free knocks on the door (Web Push): "look into your mailbox". The truth is always the pull."""
