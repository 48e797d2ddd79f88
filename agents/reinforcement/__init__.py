"""Reinforcement learning of one concept at a time: the price of a concept in environment steps."""
