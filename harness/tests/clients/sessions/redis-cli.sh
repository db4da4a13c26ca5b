#!/bin/sh
# One connection for each command, several commands on one, a script, a mistake, bytes, RESP3.
redis() { redis-cli -u "$@"; }
redis "$1" SET counter 1
redis "$1" EVAL "return redis.call('INCRBY', KEYS[1], 41)" 1 counter
redis "$1" LPUSH counter 1
redis "$1" -3 HSET hash a 1 b 2
redis "$1" -3 HGETALL hash
printf 'MULTI\nINCR counter\nGET counter\nEXEC\nDEL counter hash\n' | redis "$1"
printf '\000\001\002\377' | redis "$1" -x SET bytes
redis "$1" STRLEN bytes
seq 1 500 | sed 's/^/RPUSH list /' | redis "$1" | tail -1
redis "$1" LLEN list
redis "$1" DEL list bytes
echo end
