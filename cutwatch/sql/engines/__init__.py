"""Engines: each runs the same compiled program."""
