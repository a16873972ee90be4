# Any command-line agent: an image to stand on (BASE: by default the one for Python candidates), packages of the Python
# index that were fetched on the host, and a line of shell that may use the network while the image is built.
ARG BASE
ARG PYTHON
FROM ${PYTHON} AS builder
COPY wheels/ /wheels/
RUN set -eu; mkdir -p /opt/agent/site; \
    set -- /wheels/pip-*.whl; \
    if test -e "$1"; then \
        mv "$1" /pip.zip; \
        python3 /pip.zip/pip install --quiet --no-index --no-deps --no-compile --no-cache-dir \
            --disable-pip-version-check --root-user-action ignore --target /opt/agent/site /wheels/*.whl; \
        python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/agent/site || true; \
    fi; \
    chmod -R a+rX,go-w /opt/agent
LABEL harness.stage=builder

FROM ${BASE}
USER root
COPY --from=builder /opt/harness /opt/harness
COPY --from=builder /opt/agent /opt/agent
COPY certificates/ /opt/certificates/
ARG INSTALL=""
# The certificates are those of the machine that builds: its package mirrors may be signed by an authority of its own.
RUN set -eu; \
    if test -n "${INSTALL}"; then \
        export SSL_CERT_FILE=/opt/certificates/ca.crt PIP_CERT=/opt/certificates/ca.crt \
            CURL_CA_BUNDLE=/opt/certificates/ca.crt NODE_EXTRA_CA_CERTS=/opt/certificates/ca.crt; \
        sh -euc "${INSTALL}"; \
    fi; \
    rm -rf /opt/certificates; \
    test -e /usr/bin/python3 || ln -s "$(command -v python3)" /usr/bin/python3; \
    find / -xdev ! -type l -perm /6000 -exec chmod ug-s {} +; \
    mkdir -p /box; chmod 1777 /box
ENTRYPOINT []
LABEL harness.image=1
