"""A service that takes one-time codes: FastAPI under uvicorn, with redis-py's pool of connections."""
import os

import redis
from fastapi import FastAPI, HTTPException

client = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
app = FastAPI()


@app.post("/use/{code}")
def use(code: str):
    if os.environ["CODES"] == "fix":
        user = client.getdel(f"code:{code}")
    else:
        user = client.get(f"code:{code}")
        client.delete(f"code:{code}")
    if user is None:
        raise HTTPException(410, "used")
    client.rpush("sessions", user)
    return {"user": user}
