# The application alone; PostgreSQL with PostGIS is another container (compose.yaml).

FROM python:3.13-slim-bookworm AS environment
WORKDIR /app
COPY requirements.lock .
# Every requirement is installed from the hashed list; what has no wheel is built here.
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock \
    && /venv/bin/pip check

FROM python:3.13-slim-bookworm
# What the service may write: the atlas of the day, messages where there is no mail server.
RUN groupadd --gid 10001 cpts \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent cpts \
    && install --directory --owner=cpts --group=cpts --mode=0700 /var/lib/cpts
COPY --from=environment /venv /venv
WORKDIR /app
COPY app app
COPY migrations migrations
COPY geo_data geo_data
COPY LICENSE .
RUN /venv/bin/python -m compileall -q app migrations
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 CPTS_DATA_DIRECTORY=/var/lib/cpts
# By number: Kubernetes cannot tell from a name that it is not root.
USER 10001:10001
EXPOSE 8000
# A first start loads the reference geography before it listens.
HEALTHCHECK --interval=10s --timeout=5s --start-period=180s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
# DATABASE_URL must be given. Addresses of a reverse proxy: CPTS_TRUSTED_PROXIES.
CMD ["python", "-m", "app", "serve", "--host", "0.0.0.0", "--port", "8000"]
