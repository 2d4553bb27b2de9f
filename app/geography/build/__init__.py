"""Build of the reference geography: from pinned public inputs to the files of ``geo_data/``."""
