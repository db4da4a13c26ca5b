"""Redeems a coupon and ends: 0 if it was redeemed, 10 if it was not there."""
import os
import sys

import redis

client = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
if sys.argv[1] == "bug":
    found = client.get("coupon") is not None
    if found:
        client.delete("coupon")
else:
    found = client.getdel("coupon") is not None
print("redeemed" if found else "not there")
sys.exit(0 if found else 10)
