#!/usr/bin/env bash
# What ships, tried on a Docker engine: the image, the whole Compose stack, and the tests of one broker on a
# container. With PROOF_BASES=made the base images are made here; without it the engine pulls them.
set -euo pipefail
cd "$(dirname "$0")/../.."

case "${PROOF_BASES:-pulled}" in
made) tests/deploy/make_bases.sh ;;
pulled) ;;
*) echo "error: PROOF_BASES is 'made' or 'pulled'" >&2 && exit 2 ;;
esac
docker build -q --network host -f deploy/docker/Dockerfile -t mediation-pipeline:0.1.0 .
docker image ls mediation-pipeline:0.1.0

REQUIRE_DOCKER=1 .venv/bin/python -m pytest tests/deploy "$@"
# Its helper, which removes what an interrupted run leaves, is an image of its own, which nobody could make.
TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1 REQUIRE_APACHE_KAFKA=1 REQUIRE_DOCKER=1 \
    .venv/bin/python -m pytest -q -k apache tests/integration/test_pipeline.py
