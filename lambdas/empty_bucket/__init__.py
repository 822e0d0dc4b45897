"""Empties the stage's bucket before it is deleted."""
