"""Pictures of energies, codes, scenes and success rates."""
