ARG VERSION=1 NAME="a b"
FROM scratch
ENV legacy a value with = and "quotes"
ENV one=1 two="2 2" three='3 3' four=4\ 4
ENV TOKEN_PLACEHOLDER=@TOKEN@
ARG without
ARG with=default
LABEL "spaced key"=value multi="line \
goes on"
