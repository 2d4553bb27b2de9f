"""What is measured while the service runs, by name (Prometheus).

With several workers each writes to files of its own in the folder that the environment
variable `PROMETHEUS_MULTIPROC_DIR` names; it has to be set before this module is imported.
Labels come from bounded sets: route templates, status codes, SQLSTATEs.
"""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# A second series beside each, which nobody reads.
disable_created_metrics()

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_STATEMENTS = frozenset(("select", "insert", "update", "delete", "with", "lock", "copy"))
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter(
    "cpts_http_requests",
    "Requests by method, route template and status.",
    ("method", "route", "status"),
)
REQUEST_SECONDS = Histogram(
    "cpts_http_request_duration_seconds",
    "Time to the end of the answer, by method and route template.",
    ("method", "route"),
    buckets=_SECONDS,
)
KEPT_ANSWERS = Counter(
    "cpts_kept_answers_asked",
    "Answers asked of what is kept: hit, miss or stale.",
    ("outcome",),
)
KEPT_ENTRIES = Gauge(
    "cpts_kept_answers_entries", "Answers kept, all workers.", multiprocess_mode="livesum"
)
KEPT_BYTES = Gauge(
    "cpts_kept_answers_bytes",
    "Bytes of answers kept, all workers.",
    multiprocess_mode="livesum",
)
CONNECTIONS_IN_USE = Gauge(
    "cpts_database_connections_in_use",
    "Connections that requests hold.",
    multiprocess_mode="livesum",
)
CONNECTION_WAIT_SECONDS = Histogram(
    "cpts_database_connection_wait_seconds",
    "Time to get a connection from the pool.",
    buckets=_SECONDS,
)
STATEMENT_SECONDS = Histogram(
    "cpts_database_statement_duration_seconds",
    "Time of a statement until its first row, by kind.",
    ("kind",),
    buckets=_SECONDS,
)
REPLICA_READS = Counter(
    "cpts_database_replica_reads",
    "Requests that could be read from the replica: replica, behind or unreachable.",
    ("outcome",),
)
DATABASE_ERRORS = Counter(
    "cpts_database_errors", "Statements that failed, by SQLSTATE.", ("sqlstate",)
)

# All are shown from the beginning, and need not be looked up for each request.
KEPT_HITS = KEPT_ANSWERS.labels("hit")
KEPT_MISSES = KEPT_ANSWERS.labels("miss")
KEPT_STALE = KEPT_ANSWERS.labels("stale")


def known_method(method: str) -> str:
    """Give a method as a label: anyone may invent others."""
    return method if method in _METHODS else "OTHER"


def statement_kind(statement: str) -> str:
    """Give the first word of a statement as a label."""
    words = statement.split(None, 1)
    word = words[0].lower() if words else ""
    return word if word in _STATEMENTS else "other"
