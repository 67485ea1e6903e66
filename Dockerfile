# `saoma serve` in a container: docs/guides/deploying.md.

FROM node:24-slim AS build
WORKDIR /app
# Apart from the sources: packages are installed anew only when they have changed.
COPY package.json package-lock.json ./
# None of the packages needs its install script: SQLite comes compiled.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
COPY web ./web
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The folder is the user's before it is a volume: a new volume takes owner and mode from here.
RUN ln -s /app/dist/cli/saoma.js /usr/local/bin/saoma \
  && install -d -o node -g node -m 700 /var/lib/saoma
# All addresses of the container; which of them others reach, the one who runs it says.
ENV NODE_ENV=production \
  SAOMA_HOST=0.0.0.0 \
  SAOMA_PORT=6200 \
  SAOMA_FOLDER=/var/lib/saoma
USER node
VOLUME /var/lib/saoma
EXPOSE 6200
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SAOMA_PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["saoma", "serve"]
