RUN before from
FROM alpine:3.20
NONSENSE here
ENV name=value stray
RUN <<EOF
never closed
