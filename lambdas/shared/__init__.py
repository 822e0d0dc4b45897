"""What several functions need at their edge."""
