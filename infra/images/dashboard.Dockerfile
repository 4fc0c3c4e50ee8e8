# syntax=docker/dockerfile:1
# The dashboard: built by Node, served by an nginx that is nobody's root.

FROM node:22-alpine AS built
WORKDIR /frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend ./
RUN npm run build

FROM nginxinc/nginx-unprivileged:1.29-alpine AS dashboard
COPY infra/nginx/dashboard.conf /etc/nginx/conf.d/default.conf
COPY --from=built /frontend/dist /usr/share/nginx/html
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/"]
