# Images of the app and of the server of exported models. Build in the root of the project:
#   docker build --target app -t tfgen-app .
#   docker build --target server -t tfgen-server .
# deploy/README.md shows how they are run. The image for training in clusters is deploy/Dockerfile.

FROM node:22-slim AS page
WORKDIR /page
COPY tfgen/ondevice/web ./
RUN npm ci && npm run build

FROM python:3.12-slim AS wheel
WORKDIR /source
COPY pyproject.toml setup.py README.md LICENSE ./
COPY tfgen tfgen
COPY --from=page /page/dist /page
RUN TFGEN_WEB_PAGE=/page pip wheel --no-deps --wheel-dir /wheels .

FROM python:3.12-slim AS base
COPY --from=wheel /wheels /wheels
# Neither the app nor the server needs root rights.
RUN useradd --uid 10001 --create-home tfgen

FROM base AS server
RUN pip install --no-cache-dir "$(echo /wheels/tfgen-*.whl)[serve]"
USER 10001
# HTTP and gRPC.
EXPOSE 8501 8500
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/health', timeout=5)"]
# The folder that `tfgen export --to saved_model --out DIR` wrote is mounted at /export.
ENTRYPOINT ["tfgen", "serve", "/export", "--host", "0.0.0.0"]

FROM base AS app
RUN pip install --no-cache-dir /wheels/tfgen-*.whl
# The user's own folder, so that a volume that is mounted there can be written to.
RUN mkdir /runs && chown 10001 /runs
USER 10001
WORKDIR /home/tfgen
EXPOSE 7860
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:7860/health', timeout=5)"]
ENTRYPOINT ["tfgen", "app", "--host", "0.0.0.0", "--runs", "/runs"]
# Without a password, visitors may use the models but not train.
CMD ["--read-only"]
