"""Renderers of both worlds."""
