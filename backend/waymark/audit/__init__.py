"""The audit trail: who did what to which report. Only ever added to."""
