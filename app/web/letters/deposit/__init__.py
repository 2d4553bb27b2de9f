"""From a file, a name or a draft to a letter on record; the territory of one that is there."""
