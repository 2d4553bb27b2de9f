"""CPTS that are like one: of its tier, density and age, on its themes, near it."""
