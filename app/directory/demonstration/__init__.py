"""Fictitious sheets, actions and contacts of fictitious CPTS; they say so, and go with them."""
