# The aplos-upload command, by default a worker: docs/install.md
# Debian, as Temporal's core is built for glibc: it does not run on Alpine.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
# Of the programs that Temporal's core ships for five platforms, the image runs one.
RUN npm run build \
  && npm prune --omit=dev \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
    ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM node:24-bookworm-slim
# Temporal's core trusts the system's certificates, which a slim image lacks. tini passes signals on, also to a
# command that does not handle them: the kernel shields process 1 from those.
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
# The user "node" by number, so that Kubernetes can see that it is not root.
USER 1000:1000
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--", "aplos-upload"]
CMD ["worker"]
