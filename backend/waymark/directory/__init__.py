"""Support services and reporting centres, as one file that devices search offline."""
