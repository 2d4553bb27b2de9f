"""The files that a service of this kind publishes, read back as exactly what they say.

Their headers are known, so nothing about them is guessed: who is who is said by the file's
own ids, what is unknown stays unknown, and a file that contradicts itself is refused.
"""
