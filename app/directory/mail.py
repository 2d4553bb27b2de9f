"""What the directory sends: how a message leaves is given by whoever runs it."""

from collections.abc import Callable

from app.database.sessions import WritingSession

# Lets a message leave once the transaction is committed: to whom, its subject, its text.
Send = Callable[[WritingSession, str, str, str], None]
