"""The lists of reference: regions, departments, stages, themes, tiers."""
