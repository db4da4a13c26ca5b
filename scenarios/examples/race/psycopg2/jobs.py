"""Takes one job whenever it is told to run, with psycopg2; speaks JSON lines."""
import json
import os
import sys

import psycopg2

OPEN = "SELECT id FROM jobs WHERE taken_by IS NULL ORDER BY id LIMIT 1"
me = os.environ["RACEPROOF_WORKER"]
connection = psycopg2.connect(os.environ["DATABASE_URL"])


def take(look):
    with connection, connection.cursor() as cursor:
        cursor.execute(look)
        found = cursor.fetchone()
        if found is None:
            return {"refused": "nothing to do"}
        cursor.execute("UPDATE jobs SET taken_by = %s WHERE id = %s", (me, found[0]))
        cursor.execute("INSERT INTO runs (job, worker) VALUES (%s, %s)", (found[0], me))
        return {"ok": found[0]}


look = OPEN if sys.argv[1] == "bug" else OPEN + " FOR UPDATE SKIP LOCKED"
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    print(json.dumps(take(look)), flush=True)
