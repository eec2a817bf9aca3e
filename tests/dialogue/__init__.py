"""Conversations between desks and reporters, over HTTP."""
