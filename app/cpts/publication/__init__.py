"""What the registry gives to be published as files, feeds and lists of addresses."""
