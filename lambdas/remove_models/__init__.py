"""Removes what the state machine made outside CloudFormation."""
