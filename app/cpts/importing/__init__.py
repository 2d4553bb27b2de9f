"""Loading listings of CPTS: tables as an ARS publishes them, and files of polygons."""
