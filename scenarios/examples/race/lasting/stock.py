"""Sells one unit whenever it is told to run; speaks JSON lines."""
import json
import os
import sys

import psycopg

# What is prepared on the server after some executions would make later ones differ from the first.
connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=None)


def sell_with_bug():
    (units,) = connection.execute("SELECT units FROM stock WHERE sku = 1").fetchone()
    if units < 1:
        return {"refused": "sold out"}
    connection.execute("UPDATE stock SET units = %s WHERE sku = 1", (units - 1,))
    connection.execute("INSERT INTO sales (buyer) VALUES (%s)", (os.environ["RACEPROOF_WORKER"],))
    return {"ok": units - 1}


def sell():
    sold = connection.execute("UPDATE stock SET units = units - 1 WHERE sku = 1 AND units > 0").rowcount
    if sold == 0:
        return {"refused": "sold out"}
    connection.execute("INSERT INTO sales (buyer) VALUES (%s)", (os.environ["RACEPROOF_WORKER"],))
    return {"ok": sold}


sale = sell_with_bug if sys.argv[1] == "bug" else sell
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    print(json.dumps(sale()), flush=True)
