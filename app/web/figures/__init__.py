"""Figures to hand on: maps and charts that say by themselves what, when and from where."""
