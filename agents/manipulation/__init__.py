"""Solid things on a table, moved and touched by the arm: plans made into grasps and placements."""
