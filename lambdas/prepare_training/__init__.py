"""The series table in, training data for both algorithms out."""
