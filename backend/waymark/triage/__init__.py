"""Where people read reports, answer them and move them on."""
