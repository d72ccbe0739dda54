# Both programs, static, as one small image each:
#   docker build --target shipper -t sluice-shipper .
#   docker build --target reader  -t sluice-reader .
# e2e/docker_test.go runs these steps without Docker, so RUN uses no absolute path.

FROM golang:1.26-bookworm AS build
ARG VERSION=unknown
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build VERSION=${VERSION}
RUN mkdir -p rootfs/var/lib/sluice rootfs/etc/sluice rootfs/usr/share && cp -r configs/*.yaml rootfs/etc/sluice/
RUN cp "$(go env GOROOT)/lib/time/zoneinfo.zip" rootfs/usr/share/

FROM alpine:3.22 AS base
COPY --from=build --chown=65532:65532 /src/rootfs/var/lib/sluice /var/lib/sluice
COPY --from=build /src/rootfs/etc/sluice /etc/sluice
COPY --from=build /src/rootfs/usr/share/zoneinfo.zip /usr/share/zoneinfo.zip
ENV ZONEINFO=/usr/share/zoneinfo.zip
USER 65532:65532
WORKDIR /var/lib/sluice

FROM base AS shipper
COPY --from=build /src/bin/shipper /usr/local/bin/shipper
EXPOSE 9610
HEALTHCHECK --interval=10s --timeout=3s CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9610/healthz"]
ENTRYPOINT ["shipper"]
CMD ["run", "-c", "/etc/sluice/shipper.yaml"]

FROM base AS reader
COPY --from=build /src/bin/reader /usr/local/bin/reader
EXPOSE 9600
HEALTHCHECK --interval=10s --timeout=3s CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9600/healthz"]
ENTRYPOINT ["reader"]
CMD ["run", "-c", "/etc/sluice/reader.yaml"]
