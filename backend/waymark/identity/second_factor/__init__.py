"""The second step of a password: codes of an authenticator app (RFC 6238), and recovery codes on paper."""
