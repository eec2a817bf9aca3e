"""What stands between a socket and a feature's routes."""
