# One image for web, worker, beat, relay and migrations.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
# Only what the set-up reads, so that a change of the product does not install everything again.
COPY manage.py package.json package-lock.json .npmrc ./
COPY requirements requirements
COPY config/__init__.py config/
COPY config/bootstrap config/bootstrap
RUN python3 manage.py prepare

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin covalent \
    && install -d -o covalent -g covalent -m 0700 /data
WORKDIR /app
COPY --from=build /app /app
COPY . .
ENV PATH=/app/.venv/bin:$PATH \
    COVALENT_DATA=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OPENBLAS_NUM_THREADS=1 \
    MALLOC_ARENA_MAX=2
USER covalent
VOLUME /data
EXPOSE 8000
CMD ["python", "-m", "config.supervisor.web", "0.0.0.0:8000"]
