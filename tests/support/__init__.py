"""What several kinds of tests need: a PostgreSQL of their own, and the service as a real process."""
