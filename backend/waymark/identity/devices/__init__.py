"""Tablets of a centre: their codes, keys and orders."""
