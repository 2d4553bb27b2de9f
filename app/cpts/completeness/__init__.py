"""For which departments the content of the registry is declared complete, and since when."""
