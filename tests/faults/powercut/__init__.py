"""Power cuts: what a process does to its disk is written down, and any moment of it made into a disk."""
