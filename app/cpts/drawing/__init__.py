"""Small maps drawn by the database as SVG paths, for pages that read without JavaScript."""
