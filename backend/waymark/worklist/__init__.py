"""What people at desks look at: the list with its filters, one report's page, and news as it comes."""
