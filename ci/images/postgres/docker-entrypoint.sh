#!/bin/sh
# Behaves like the official image for its environment variables, but configures the cluster in single-user mode, so that
# no temporary server is ever seen by a client.
set -e
case "${1:-}" in -*) set -- postgres "$@" ;; esac
[ "$1" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    # The owner is looked at first because a recursive chown would copy the whole baked cluster up.
    [ "$(stat -c %u "$PGDATA")" = 999 ] || chown -R postgres "$PGDATA"
    chmod 700 "$PGDATA"
    # The full path, because the shell would take its own applet of that name.
    exec /usr/bin/setpriv --reuid=999 --regid=999 --clear-groups "$0" "$@"
fi

quote_literal() { printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"; }
quote_name() { printf '"%s"' "$(printf %s "$1" | sed 's/"/""/g')"; }
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}

if [ -e "$PGDATA/.baked" ] && { [ "$user" != postgres ] || [ -n "${POSTGRES_INITDB_ARGS:-}" ]; }; then
    # The baked cluster belongs to user postgres; any other wish gets a cluster of its own beside it.
    export PGDATA=/var/lib/postgresql/own
fi
if [ -e "$PGDATA/.baked" ] || [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
        echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
        echo '       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser.' >&2
        exit 1
    fi
fi
fresh=no
if [ -e "$PGDATA/.baked" ]; then
    fresh=yes
    rm "$PGDATA/.baked"
elif [ ! -s "$PGDATA/PG_VERSION" ]; then
    fresh=yes
    # shellcheck disable=SC2086
    initdb --pgdata="$PGDATA" --username="$user" --encoding=UTF8 --locale=C.UTF-8 --no-instructions ${POSTGRES_INITDB_ARGS:-}
    echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
fi
if [ "$fresh" = yes ]; then
    printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
    {
        [ -z "${POSTGRES_PASSWORD:-}" ] ||
            echo "ALTER USER $(quote_name "$user") WITH PASSWORD $(quote_literal "$POSTGRES_PASSWORD");"
        [ "$database" = postgres ] || echo "CREATE DATABASE $(quote_name "$database");"
    } | postgres --single -D "$PGDATA" -c fsync=off -c log_checkpoints=off postgres >/dev/null
fi
exec "$@"
