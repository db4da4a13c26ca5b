"""Prepared statements, a pipeline, a refused change, a transaction that is taken back, both ways of COPY, a notification."""
import sys

import psycopg

with psycopg.connect(sys.argv[1], prepare_threshold=1) as connection:
    for _ in range(3):
        print(connection.execute("SELECT sku, units, note FROM stock WHERE units >= %s ORDER BY sku", (0,)).fetchall())
    connection.commit()
    with connection.pipeline():
        for sku in (1, 3):
            connection.execute("UPDATE stock SET units = units - 1 WHERE sku = %s", (sku,))
        left = connection.execute("SELECT sum(units) FROM stock", binary=True)
    print(left.fetchone())
    try:
        with connection.transaction():
            connection.execute("UPDATE stock SET units = -1 WHERE sku = 2")
    except psycopg.errors.CheckViolation as error:
        print(error.diag.constraint_name)
    with connection.transaction(force_rollback=True):
        connection.execute("DELETE FROM stock")
    with connection.cursor() as cursor:
        with cursor.copy("COPY stock FROM STDIN") as copy:
            for sku in range(100, 200):
                copy.write_row((sku, sku, "copied" * 20))
        with cursor.copy("COPY (SELECT * FROM stock ORDER BY sku) TO STDOUT (FORMAT binary)") as copy:
            print(sum(len(block) for block in copy))
    with connection.cursor("named") as cursor:
        cursor.execute("SELECT sku FROM stock ORDER BY sku")
        print(cursor.fetchmany(5))
    connection.execute("LISTEN news")
    connection.execute("NOTIFY news, 'hello'")
    connection.commit()
    print([notify.payload for notify in connection.notifies(timeout=5, stop_after=1)])
print("end")
