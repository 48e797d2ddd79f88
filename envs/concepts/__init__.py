"""Concepts, one a file: scenes, demonstrations, residual and success test."""
