"""The files of a letter: handing one in, downloading it, taking it out."""
