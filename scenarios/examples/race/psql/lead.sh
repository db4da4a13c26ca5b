#!/bin/sh
# Tries to lead and ends: with 0 if it leads, with 10 if somebody else does. psql finds its database by PGHOST and its like.
ask() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --command "$1"; }
me=$RACEPROOF_WORKER
if [ "$1" = bug ]; then
    leader=$(ask "SELECT leader FROM shards WHERE id = 1")
    if [ -z "$leader" ]; then
        ask "UPDATE shards SET leader = '$me' WHERE id = 1"
        leader=$me
    fi
else
    leader=$(ask "UPDATE shards SET leader = '$me' WHERE id = 1 AND leader IS NULL RETURNING leader")
fi
if [ "$leader" != "$me" ]; then echo "somebody leads"; exit 10; fi
echo "leading"
