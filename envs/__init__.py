"""Environments: the particle plane and the arm's table."""
