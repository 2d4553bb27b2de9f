"""What stops a command: one clear line for whoever runs it."""


class Failure(Exception):
    """A command cannot go on for a reason that its user can do something about.

    Parameters: `message`, one French line, without any secret; `exit_status`, that of
    the command. Raised by services and told once, by `app.command_errors`.
    """

    def __init__(self, message: str, *, exit_status: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.exit_status = exit_status
