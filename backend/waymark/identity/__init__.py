"""People, sessions and roles; centres, their devices, enrolment and revocation."""
