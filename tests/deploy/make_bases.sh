#!/usr/bin/env bash
# Makes the base images of compose.yaml where no image registry can be reached, under the very names that it
# has: from debootstrap, Debian's packages, and the jars of Apache Kafka. Each Dockerfile in bases/ says what
# is different from the image whose place it takes. Needs root, debootstrap, Maven, Prometheus and an engine.
set -euo pipefail
cd "$(dirname "$0")"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

name_of() { # the image of that name, with its version, as the files have it
    grep -hoE "(image: |PYTHON=)$1:[^ ]+" ../../deploy/docker/Dockerfile ../../deploy/compose/compose.yaml | sed 's/.*[ =]//' | head -n 1
}

say() { printf -- '-- %s\n' "$*"; }

say "Debian"
debootstrap --variant=minbase --include=ca-certificates,wget trixie "$work/debian" >"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    exit 1
}
rm -rf "$work/debian/var/cache/apt" "$work/debian/var/lib/apt/lists" "$work/debian/usr/share/"{doc,man,locale}
mkdir -p "$work/debian/var/cache/apt/archives/partial" "$work/debian/var/lib/apt/lists/partial" \
    "$work/debian/usr/share/man/man1" # without which Java's package cannot be installed
tar -C "$work/debian" -c . | docker import - proof/debian >/dev/null
rm -rf "$work/debian"

cp -r bases "$work/bases"
cp /etc/ssl/certs/ca-certificates.crt "$work/bases/python/"
cp "$(command -v prometheus)" "$work/bases/prometheus/"
mkdir "$work/bases/kafka/libs"
mvn -q -B -f ../kafka/pom.xml dependency:build-classpath -Dmdep.outputFile="$work/classpath"
tr ':' '\n' <"$work/classpath" | xargs cp -t "$work/bases/kafka/libs"

for name in python postgres prom/prometheus apache/kafka; do
    image="$(name_of "$name")"
    say "$image"
    docker build -q --network host -t "$image" "$work/bases/${name##*/}" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        exit 1
    }
done
