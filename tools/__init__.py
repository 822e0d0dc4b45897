"""Commands that build and prepare the project; not part of what is deployed."""
