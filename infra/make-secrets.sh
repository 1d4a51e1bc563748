#!/bin/sh
# Makes what compose needs to know and nobody else: keys and passwords, in infra/secret (not in git), once.
# infra/make-secrets.sh ../k8s/overlays/local/secret makes those of that overlay (the path is from infra/).
set -eu
umask 077
cd "$(dirname "$0")"
into=${1:-secret}
[ -e "$into/rookery.env" ] && { echo "$into is made already"; exit 0; }
mkdir -p "$into"
word() { openssl rand -hex 24; }

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$into/jwt-key.pem" 2>/dev/null
openssl rand -out "$into/master.key" 32
postgres=$(word) nats=$(word) system=$(word) route=$(word) redis=$(word) metrics=$(word)
printf %s "$postgres" >"$into/postgres.password"
printf %s "$metrics" >"$into/metrics.token"
cat >"$into/nats.env" <<END
NATS_PASSWORD=$nats
NATS_SYSTEM_PASSWORD=$system
NATS_ROUTE_PASSWORD=$route
NATS_ROUTES=["nats://route:$route@nats-0.nats:6222", "nats://route:$route@nats-1.nats:6222", "nats://route:$route@nats-2.nats:6222"]
END
echo "REDIS_PASSWORD=$redis" >"$into/redis.env"
cat >"$into/rookery.env" <<END
DATABASE_URL=postgres://rookery:$postgres@postgres:5432/rookery
NATS_URL=nats://rookery:$nats@nats-0.nats:4222,nats://nats-1.nats:4222,nats://nats-2.nats:4222
REDIS_URL=redis://:$redis@redis:6379
METRICS_TOKEN=$metrics
END
# Containers read them as other users than the one who made them; the folder is closed to others.
chmod 0644 "$into"/jwt-key.pem "$into"/master.key "$into"/postgres.password "$into"/metrics.token
chmod 0700 "$into"
echo "made $into"
