"""`/donnees`: the registry as files with their schemas, and the feed of its changes."""
