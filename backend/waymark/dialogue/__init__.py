"""What is said to a reporter and decided about a report, and which force answers for it."""
