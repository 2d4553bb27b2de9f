"""`python -m app`: a command of `./cpts`, which ends with one line from its first moment on.

What takes time to import is imported once signals are answered.
"""

from app.command_ending import end_with, end_without_work


def _command() -> int:
    from app.cli import run  # noqa: PLC0415

    return run()


if __name__ == "__main__":
    end_without_work()
    end_with(_command)
