"""Who may see what of a report: one pure function, asked by every desk route."""
