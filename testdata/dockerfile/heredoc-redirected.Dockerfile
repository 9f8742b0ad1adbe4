FROM debian:12
RUN cat <<EOF > /etc/app.conf
key = value
EOF
RUN echo "not <<EOF one" && cat <<<"here string"
USER nobody
