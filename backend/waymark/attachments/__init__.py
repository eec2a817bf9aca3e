"""Files that follow a report: taken in sealed, part by part; shown as a copy without hidden details."""
