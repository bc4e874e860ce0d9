"""A site is provisioned, described, reached and destroyed."""
