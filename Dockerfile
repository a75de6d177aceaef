FROM swift:6.3-noble AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# The dependencies change seldom: they keep a layer of their own.
COPY Package.swift ./
RUN swift package resolve
COPY Sources Sources
COPY sql sql
COPY Tests Tests
RUN swift build -c release --product pgsluice --static-swift-stdlib -Xlinker -s \
    && mv "$(swift build -c release --show-bin-path)/pgsluice" /usr/local/bin/

FROM ubuntu:24.04
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libpq5 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/pgsluice /usr/local/bin/
USER nobody
WORKDIR /data
ENTRYPOINT ["pgsluice"]
