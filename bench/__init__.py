"""Benchmarks: each is a program, `.venv/bin/python bench/NAME.py [--json]`."""
