ARG BASE=alpine:3.20
FROM --platform=$BUILDPLATFORM ${BASE} AS deps
RUN apk add git
FROM deps AS build
RUN make
FROM deps AS test
RUN make test
FROM scratch
COPY --from=build /out /
COPY --from=1 ["/with space", "/x"]
ADD --chmod=644 https://example.org/file.tar.gz /files/
ENTRYPOINT exec /app "$@"
