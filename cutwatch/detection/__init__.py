"""From scores to incidents: records, settings, the pure judge, messages and the comparison with labels.

Standard library only. `judge` (in `cutwatch.detection.judgement`) is the one door: the deployed function, the demo and
the backtest all go through it.
"""
