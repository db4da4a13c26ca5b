#!/bin/sh
# Redeems a coupon and ends: with 0 if it was redeemed, with 10 if it was not there.
redis() { redis-cli -u "$REDIS_URL" "$@"; }
if [ "$1" = bug ]; then
    found=$(redis GET coupon)
    [ -z "$found" ] || redis DEL coupon >/dev/null
else
    found=$(redis GETDEL coupon)
fi
if [ -z "$found" ]; then echo "not there"; exit 10; fi
echo "redeemed"
