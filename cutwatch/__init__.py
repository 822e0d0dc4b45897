"""Cutwatch: anomaly detection for clickstreams, on AWS and on a laptop."""

__version__ = "0.1.0"
