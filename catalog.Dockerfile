# The image of opm that serves the catalog; make catalog-build takes OPM_IMAGE in its place.
ARG OPM_IMAGE=quay.io/operator-framework/opm:v1.65.0
FROM ${OPM_IMAGE}

COPY catalog /configs
LABEL operators.operatorframework.io.index.configs.v1=/configs

# No cache beside it: it would have to be made on each platform, and opm makes it when it starts, unless it is to enforce
# the integrity of one that is there.
ENTRYPOINT ["/bin/opm"]
CMD ["serve", "/configs", "--cache-dir=/tmp/cache", "--cache-enforce-integrity=false"]
