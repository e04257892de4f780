#!/bin/bash
# What the official image does: KAFKA_* become server.properties, the storage is formatted, the node runs.
set -euo pipefail
export CLUSTER_ID="${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}"
classes=(-cp '/opt/kafka/libs/*')
said="$(java "${classes[@]}" kafka.docker.KafkaDockerWrapper setup \
    --default-configs-dir /etc/kafka/docker \
    --mounted-configs-dir /mnt/shared/config \
    --final-configs-dir /opt/kafka/config 2>&1)" || grep -qi 'already formatted' <<<"$said" || {
    echo "$said" >&2
    exit 1
}
# shellcheck disable=SC2086 # several options in one variable, as Kafka's own scripts take them
exec java ${KAFKA_HEAP_OPTS:--Xmx512m} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
    -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.yaml \
    "${classes[@]}" kafka.Kafka /opt/kafka/config/server.properties
