"""The public sheets of a commune and of a CPTS, and the form that reports an error on them."""
