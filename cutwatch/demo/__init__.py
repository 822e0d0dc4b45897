"""The whole line on one machine: local cloud, deployment, nine days of clicks, incidents, removal."""
