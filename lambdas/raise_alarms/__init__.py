"""Score records in, incidents and notices out."""
