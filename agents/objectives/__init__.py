"""Training objectives of the energy, one a file."""
