"""What of a stage is in an account: proves that destroying it left nothing. Works on AWS and on the local cloud."""

from cutwatch.inventory.left_over import Resource, find_resources, left_over

__all__ = ["Resource", "find_resources", "left_over"]
