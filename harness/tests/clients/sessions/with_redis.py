"""Pipelines, a transaction that is watched, a script, a refused command, a subscription, a large value, both protocols."""
import sys

import redis

for protocol in (2, 3):
    client = redis.Redis.from_url(sys.argv[1], protocol=protocol)
    client.set("big", bytes(range(256)) * 4096)
    print(len(client.get("big")), client.exists("none"))
    with client.pipeline(transaction=False) as pipeline:
        for index in range(50):
            pipeline.incr("counter").rpush("list", index)
        print(pipeline.execute()[-2:])
    with client.pipeline() as pipeline:
        pipeline.watch("counter")
        value = int(pipeline.get("counter"))
        pipeline.multi()
        pipeline.set("counter", value + 1)
        pipeline.hset("hash", mapping={"a": 1, "b": 2})
        print(pipeline.execute())
    print(client.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1])")(keys=["counter"], args=[5]))
    try:
        client.lpush("counter", 1)
    except redis.ResponseError as error:
        print(error)
    subscription = client.pubsub()
    subscription.subscribe("news")
    print(subscription.get_message(timeout=5)["type"])
    client.publish("news", "hello")
    print(subscription.get_message(timeout=5)["data"])
    subscription.close()
    print(client.blpop(["list"], timeout=1), client.zadd("scores", {"ada": 1.5}), client.zrange("scores", 0, -1, withscores=True))
    client.delete("big", "counter", "list", "hash", "scores")
    client.close()
print("end")
