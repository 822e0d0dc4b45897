"""The new model's scores of its training rows in, a threshold out."""
