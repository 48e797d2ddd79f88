"""Agents: the energy, inference on it, and the arm's controller."""
