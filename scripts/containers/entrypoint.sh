#!/bin/sh
# Start of the image that test.sh builds: makes the cluster that POSTGRES_USER, POSTGRES_PASSWORD
# and POSTGRES_DB ask for, and becomes the server. Arguments: postgres [OPTION ...]
set -eu
data=/var/lib/postgresql/data
as_postgres="setpriv --reuid=postgres --regid=postgres --clear-groups"
mkdir -p "$data" /run/postgresql
chown postgres:postgres "$data" /run/postgresql
cd /
if [ ! -s "$data/PG_VERSION" ]; then
    umask 077
    password=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" > "$password"
    chown postgres "$password"
    $as_postgres initdb --username="$POSTGRES_USER" --pwfile="$password" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8 --no-sync -D "$data" > /dev/null
    rm "$password"
    echo "host all all all scram-sha-256" >> "$data/pg_hba.conf"
    if [ "$POSTGRES_DB" != postgres ]; then
        echo "CREATE DATABASE \"$POSTGRES_DB\";" |
            $as_postgres postgres --single -D "$data" postgres > /dev/null
    fi
fi
shift
exec $as_postgres postgres -D "$data" -c listen_addresses='*' "$@"
