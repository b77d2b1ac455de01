# Runs aplos-upload, by default as a worker; with "--target sandbox", as the sandbox, which also has Temporal and a stand-in
# for Aplos, Cognito and S3. See docs/operations/install.md and docs/guides/sandbox.md.
# Based on Debian, because Temporal's core needs glibc and does not run on Alpine.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
# Temporal's core ships binaries for five platforms. Keeps the one for this image.
RUN npm run build \
  && npm prune --omit=dev \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
    ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM python:3.13-slim-bookworm AS servers
COPY sandbox/servers/requirements.txt /requirements.txt
RUN python3 -m pip install --no-cache-dir --require-hashes --no-deps --no-compile --only-binary :all: \
  --target /servers --requirement /requirements.txt

FROM node:24-bookworm-slim AS command
# Temporal's core uses the system's CA certificates, which a slim image lacks. tini forwards signals as process 1, so that
# they also end commands that do not handle them.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates tini \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN ln -s /app/dist/cli.js /usr/local/bin/aplos-upload
# The user "node", by number, so that Kubernetes can verify that it is not root.
USER 1000:1000
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--", "aplos-upload"]

FROM command AS sandbox
COPY --from=servers /servers/bin/temporal /servers/bin/weed /usr/local/bin/
EXPOSE 7233 8233 8234
ENTRYPOINT ["tini", "--", "aplos-upload", "sandbox", "--host", "0.0.0.0", \
  "--temporal-port", "7233", "--ui-port", "8233", "--codec-port", "8234"]

FROM command AS worker
CMD ["worker"]
