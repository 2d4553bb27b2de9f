"""Figures of the deployment over time, from the dated stages and claims."""
