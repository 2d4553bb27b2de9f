"""Sheets of many CPTS at once, from and to the tables of the federation."""
