"""Support services and reporting centres, as a pack that devices search offline."""
