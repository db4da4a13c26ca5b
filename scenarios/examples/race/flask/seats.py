"""A service that books seats: Flask under gunicorn, with a pool of connections that all requests share."""
import os

from flask import Flask
from psycopg_pool import ConnectionPool

# What is prepared on the server after some executions would make later ones differ from the first.
pool = ConnectionPool(
    os.environ["DATABASE_URL"], min_size=2, max_size=2, open=True, kwargs={"prepare_threshold": None}
)
app = Flask(__name__)
LOCK = " FOR UPDATE" if os.environ["SEATS"] == "fix" else ""


@app.get("/ready")
def ready():
    pool.wait()
    return "yes"


@app.post("/book/<guest>")
def book(guest):
    with pool.connection() as connection:
        (free,) = connection.execute("SELECT free FROM flights WHERE id = 1" + LOCK).fetchone()
        if free < 1:
            return "sold out", 409
        connection.execute("UPDATE flights SET free = %s WHERE id = 1", (free - 1,))
        connection.execute("INSERT INTO bookings (guest) VALUES (%s)", (guest,))
    return "booked"
