# The builder: the bundle, run by the base's Node 24, with Helm, git and ssh. The licences of the packages in the bundle are
# in /opt/powo-builder/THIRD-PARTY-NOTICES, those of Debian's packages in /usr/share/doc/*/copyright.
#   npm ci && npm run build && docker build -t powo-builder .
# Where no registry is reachable:
#   --build-arg BASE_IMAGE=…    any Debian with Node 24
#   --build-arg HELM_BINARY=…   a path in the build context, instead of HELM_IMAGE
ARG BASE_IMAGE=docker.io/library/node:24.21.0-trixie-slim@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe
ARG HELM_IMAGE=docker.io/alpine/helm:4.2.3@sha256:b97ba4f9b27fe7af16ee3d37e6815783c9d4a51289b6240a9024ec471611ae9b
ARG HELM_BINARY=
# With a binary from the context no second image is pulled, not even for a stage that goes unused.
ARG HELM_STAGE=${HELM_BINARY:+${BASE_IMAGE}}

FROM ${HELM_STAGE:-${HELM_IMAGE}} AS helm
ARG HELM_BINARY
# package.json stands in when there is no binary: COPY wants a file.
COPY ${HELM_BINARY:-package.json} /tmp/context
RUN if [ -n "$HELM_BINARY" ]; then cp /tmp/context /helm; else cp "$(command -v helm)" /helm; fi \
  && chmod 0755 /helm && /helm version --template '{{.Version}}'

FROM ${BASE_IMAGE}
# Git needs Perl for e-mail, Subversion and `add -p`, none of which is used here: its files stay out, and so
# do manuals. dpkg knows (path-exclude), so the packages are whole to apt and to scanners.
# ssh's package makes a group, for which adduser needs modules of its own.
# SIGUSR1 opens no inspector. A volume at /tmp may be written to by everybody: the builder's folder below is its own.
RUN printf 'path-exclude=%s\n' '/usr/share/perl/*' '/usr/share/perl5/*' '/usr/lib/*/perl/*' '/usr/lib/*/libperl.so*' \
    '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' '/usr/share/bash-completion/*' '/usr/share/gitweb/*' \
    '/usr/lib/git-core/git' '/usr/lib/git-core/git-daemon' '/usr/lib/git-core/git-http-backend' \
    '/usr/lib/git-core/git-http-fetch' '/usr/lib/git-core/git-http-push' '/usr/lib/git-core/git-imap-send' \
    '/usr/bin/git-shell' '/usr/bin/scalar' '/usr/bin/tini-static' '/usr/bin/scp' '/usr/bin/sftp' '/usr/bin/ssh-add' \
    '/usr/bin/ssh-keyscan' '/usr/lib/openssh/ssh-*-helper' \
    > /etc/dpkg/dpkg.cfg.d/powo-builder \
  && printf 'path-include=%s\n' '/usr/share/doc/*/copyright' '/usr/share/perl5/Debian/Adduser*' \
    >> /etc/dpkg/dpkg.cfg.d/powo-builder \
  && apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates git openssh-client tini \
  && ln -s ../../bin/git /usr/lib/git-core/git \
  && rm -rf /usr/bin/ssh-agent /usr/lib/openssh/ssh-keysign /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/* \
    /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
    /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
  && echo 'builder:x:65532:65532::/tmp:/usr/sbin/nologin' >> /etc/passwd \
  && echo 'builder:x:65532:' >> /etc/group \
  && printf '%s\n' '#!/bin/sh' 'export TMPDIR="${TMPDIR:-/tmp/powo-builder}"' \
    'exec node --disable-sigusr1 /opt/powo-builder/main.js "$@"' > /usr/local/bin/powo-builder \
  && chmod 0755 /usr/local/bin/powo-builder
COPY --from=helm /helm /usr/local/bin/helm
COPY package.json /opt/powo-builder/
COPY dist/ /opt/powo-builder/

ARG VERSION=dev
ARG REVISION=
ARG CREATED=
ARG SOURCE=
LABEL org.opencontainers.image.title="powo-builder" \
  org.opencontainers.image.description="Rebuilds Plants of the World Online and puts it live" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}" \
  org.opencontainers.image.source="${SOURCE}"

# Everything that is written goes to /tmp; the rest may be mounted read-only. One heap for malloc instead of one for each of
# Node's threads: 10 MB less while the builder waits (docs/performance.md).
ENV NODE_ENV=production HOME=/tmp HELM_BIN=/usr/local/bin/helm MALLOC_ARENA_MAX=1
WORKDIR /tmp
USER 65532:65532
# tini is process 1: it passes SIGTERM on and reaps what Helm and git leave behind.
ENTRYPOINT ["/usr/bin/tini", "--", "powo-builder"]
