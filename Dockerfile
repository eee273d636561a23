# pertoken as a container: no root, the hub in a volume at /hub.
#   docker build -t pertoken .
#   docker run --rm -v hub:/hub -v /path/to/exports:/exports:ro pertoken ingest /exports
FROM python:3.11-slim AS build
COPY . /source
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels /source

FROM python:3.11-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir "$(ls /wheels/pertoken-*.whl)[azure,web]" && rm -r /wheels \
    && useradd --uid 10001 --create-home pertoken \
    && install --directory --owner pertoken /hub
COPY infra/azure/with_identity.py /opt/pertoken/with_identity.py
USER 10001
ENV PERTOKEN_HUB=/hub PYTHONUNBUFFERED=1
VOLUME /hub
ENTRYPOINT ["pertoken"]
CMD ["--help"]
