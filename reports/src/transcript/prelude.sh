set -u
work=$(mktemp -d)
next_fd=10
steps=0
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT

# Opens a session: a client that reads what it is sent, and keeps its answers in a file.
open() { # NAME KIND COMMAND...
    local name=$1 kind=$2
    shift 2
    mkfifo "$work/$name.in"
    : >"$work/$name.out"
    "$@" <"$work/$name.in" >>"$work/$name.out" 2>&1 &
    eval "pid_$name=$! kind_$name=$kind fd_$name=$next_fd"
    eval "exec $next_fd>\"\$work/$name.in\""
    next_fd=$((next_fd + 1))
}

# Sends what it reads to a session, and a mark behind it.
send() { # NAME
    local fd kind
    eval "fd=\$fd_$1 kind=\$kind_$1 mark_$1=raceproof-$((steps += 1))"
    { cat; case $kind in postgres) echo "\\echo raceproof-$steps" ;; *) echo "ECHO raceproof-$steps" ;; esac; } >&"$fd"
}

has_answered() { # NAME
    local mark
    eval "mark=\$mark_$1"
    grep -q "^\"\{0,1\}$mark\"\{0,1\}$" "$work/$1.out"
}

# Whether the store itself says that the session waits.
is_waiting() { # NAME
    local kind cli
    eval "kind=\$kind_$1"
    eval "cli=\${cli_$kind:-}"
    case $kind in
        postgres) [ "$(psql -X -A -t -q -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = '$1' AND wait_event_type = 'Lock'")" = 1 ] ;;
        *) $cli CLIENT LIST | grep -q "name=$1 .*flags=b" ;;
    esac
}

until_it() { # CONDITION NAME WHAT
    local tries=0
    until "$1" "$2"; do
        if [ $((tries += 1)) -gt 600 ]; then
            echo "$2 $3, as it did when this was recorded" >&2
            exit 1
        fi
        sleep 0.05
    done
}

answered() { # NAME...
    local name
    for name in "$@"; do
        until_it has_answered "$name" "was not answered"
        echo "  $name is answered:"
        grep -v raceproof- "$work/$name.out" | sed 's/^/    /'
        : >"$work/$name.out"
        eval "mark_$name="
        lengthen "$name"
    done
}

waits() { # NAME
    until_it is_waiting "$1" "does not wait"
    echo "  $1 waits"
}

is_gone() { # NAME
    [ "$(psql -X -A -t -q -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = '$1'")" = 0 ]
}

# Ends a session as the end of its process does.
close() { # NAME...
    local name pid kind
    for name in "$@"; do
        eval "pid=\${pid_$name:-} kind=\${kind_$name:-}"
        [ -n "$pid" ] || continue
        kill "$pid"
        wait "$pid" 2>/dev/null
        eval "pid_$name="
        [ "$kind" != postgres ] || until_it is_gone "$name" "does not end"
    done
}

# No key comes to its end by itself: that happens when time passes, further down.
lengthen() { # NAME
    local kind cli
    eval "kind=\$kind_$1"
    [ "$kind" != postgres ] && [ "$lengthens" = yes ] || return 0
    eval "cli=\$cli_$kind"
    $cli EVAL "for _, key in ipairs(redis.call('KEYS', '*')) do
        local ms = redis.call('PTTL', key)
        if ms > 0 and ms < 2e9 then redis.call('PEXPIRE', key, string.format('%.0f', ms + 4e9)) end
    end" 0 >/dev/null
}
