"""Whom to call about a CPTS, or about one to be: institutions by region and department."""
