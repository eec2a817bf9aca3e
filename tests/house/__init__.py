"""Style and safety as tests: what the house promises of its own source."""
