#!/bin/sh
# Makes the secrets of compose.yaml: random, in files that git does not know. Rule: what exists is left as it is.
set -eu
cd "$(dirname "$0")"
[ -d secrets ] || mkdir -m 711 secrets

drawn() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# Compose hands these to containers as they are, whose users are not ours: they must be able to read them.
for name in postgres_password grafana_password; do
    [ -e "secrets/$name" ] || (umask 022 && drawn >"secrets/$name")
done

# Read by Compose itself, and by nobody else.
[ -e secrets/mediation.env ] || (
    umask 077
    cat >secrets/mediation.env <<END
MEDIATION_KAFKA_BOOTSTRAP_SERVERS=kafka:19092
MEDIATION_DATABASE_URL=postgresql://mediation:$(cat secrets/postgres_password)@postgres:5432/mediation
MEDIATION_OPS_TOKEN=$(drawn)
END
)
