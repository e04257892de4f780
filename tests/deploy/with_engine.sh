#!/usr/bin/env bash
# Runs a command with a Docker engine: the one that answers, or one of its own, started by hand as root and
# stopped, by its process id, when the command has ended. Of its own only the bridge
# docker0 and its packet filter rules are left, as dockerd leaves them.
set -euo pipefail

if docker info >/dev/null 2>&1; then
    exec "$@"
fi
if [ "$(id -u)" -ne 0 ] || ! command -v dockerd >/dev/null; then
    echo "error: no Docker engine answers, and only root can start one, with dockerd installed (Debian: docker.io)" >&2
    exit 1
fi

own="$(mktemp -d)"
export DOCKER_HOST="unix://$own/docker.sock"
dockerd --host "$DOCKER_HOST" --data-root "$own/data" --exec-root "$own/exec" --pidfile "$own/pid" >"$own/log" 2>&1 &
engine=$!

stop() {
    kill "$engine" 2>/dev/null || true
    wait "$engine" 2>/dev/null || true
    umount "$own/exec/netns/default" 2>/dev/null || true
    rm -rf "$own" || true
}
trap stop EXIT

for _ in $(seq 60); do
    docker info >/dev/null 2>&1 && break
    if ! kill -0 "$engine" 2>/dev/null; then
        tail -n 20 "$own/log" >&2
        exit 1
    fi
    sleep 1
done
"$@"
