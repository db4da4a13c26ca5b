#!/bin/sh
# Behaves like the official image: options alone mean redis-server, which runs as user redis without protected mode.
set -e
case "${1:-}" in -* | *.conf) set -- redis-server "$@" ;; esac
[ "$(umask)" != 0022 ] || umask 0077
if [ "$1" = redis-server ]; then
    # The official build is compiled with protected mode off; Debian's is not.
    set -- "$@" --protected-mode no
    if [ "$(id -u)" = 0 ]; then
        find . \! -user redis -exec chown redis '{}' +
        # The full path, because the shell would take its own applet of that name.
        exec /usr/bin/setpriv --reuid=999 --regid=999 --clear-groups "$@"
    fi
fi
exec "$@"
