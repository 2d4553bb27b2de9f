"""An import in the browser: file, columns, plan, corrections, import, undo."""
