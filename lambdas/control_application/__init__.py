"""Starts and stops the analytics application with its stack."""
