# docker build -t drumline .
# docker run --publish 127.0.0.1:4000:4000 --volume drumline:/data drumline
#
# How to run it: docs/deploying.md. It has no authentication yet: publish its port on 127.0.0.1 or inside a network.

# The checkout's workspace brings a Node of its own to machines with an old one; here it is the image's, hence
# --workspaces=false.

FROM node:24.21-slim AS build
WORKDIR /build
COPY .npmrc package.json package-lock.json ./
RUN npm ci --ignore-scripts --workspaces=false
COPY tsconfig.json tsconfig.build.json vite.config.ts ./
COPY src src
RUN npm run build

FROM node:24.21-slim AS dependencies
WORKDIR /dependencies
COPY .npmrc package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --workspaces=false

FROM node:24.21-slim
ENV NODE_ENV=production DRUMLINE_HOST=0.0.0.0 DRUMLINE_STORE=sqlite:/data/drumline.db
# A new volume takes over the owner of the directory that it covers.
RUN install --directory --owner=node --group=node /data
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=dependencies /dependencies/node_modules node_modules
COPY --from=build /build/dist dist
USER node
VOLUME /data
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
  CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.DRUMLINE_PORT || process.env.PORT || 4000}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve"]
