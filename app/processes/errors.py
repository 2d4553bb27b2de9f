"""How a job that was not done ended, besides the answer of a service that is busy."""


class JobEnded(Exception):
    """The process of a job ended before it had answered."""


class JobExhausted(JobEnded):
    """It used up its processor time or its memory: the same input will do so again."""
