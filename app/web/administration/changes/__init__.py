"""How a change of the history is worded: what stood before, what stands after."""
