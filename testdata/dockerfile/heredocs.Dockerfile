FROM debian:12
RUN <<EOF
set -e
echo one
EOF
RUN <<-'SCRIPT'
	echo $NOT_EXPANDED
	SCRIPT
COPY <<first.txt <<second.txt /files/
content of one
first.txt
content of two
second.txt
RUN <<EOF bash
echo piped
EOF
USER nobody
