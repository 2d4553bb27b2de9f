"""Pages of one CPTS for whoever keeps the register: find, change, undo."""
