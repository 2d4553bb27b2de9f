"""The room where documents and images are typeset, in bounded processes of its own."""
