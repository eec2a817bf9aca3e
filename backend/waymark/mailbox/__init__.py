"""What goes back to a device: one feed each, sealed to its key, read by pulling."""
