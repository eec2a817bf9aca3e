"""Floods: what comes in such numbers that it would bury all else lies apart, and nothing is lost."""
