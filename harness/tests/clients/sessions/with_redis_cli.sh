#!/bin/sh
# One connection for each command: numbers, a script, a mistake, bytes, RESP3, a large reply. (Commands on its standard input
# would have it ask for the documentation of all, which the server tells in an order of its own.)
redis() { redis-cli -u "$@"; }
redis "$1" SET counter 1
redis "$1" EVAL "return redis.call('INCRBY', KEYS[1], 41)" 1 counter
redis "$1" LPUSH counter 1
redis "$1" -3 HSET hash a 1 b 2
redis "$1" -3 HGETALL hash
printf '\000\001\002\377' | redis "$1" -x SET bytes
redis "$1" GETRANGE bytes 0 -1 | od -c
redis "$1" EVAL "for i = 1, 2000 do redis.call('RPUSH', KEYS[1], i) end" 1 list
redis "$1" LRANGE list 0 -1 | tail -1
redis "$1" -r 20 INCR counter
redis "$1" DEL list bytes counter hash
echo end
