"""Simple queries, a refused change, a transaction that is taken back, both ways of COPY, a named cursor."""
import io
import sys

import psycopg2
import psycopg2.extras

connection = psycopg2.connect(sys.argv[1])
with connection, connection.cursor() as cursor:
    cursor.execute("SELECT sku, units, note FROM stock WHERE units >= %s ORDER BY sku", (0,))
    print(cursor.fetchall())
    psycopg2.extras.execute_values(cursor, "INSERT INTO stock VALUES %s", [(sku, sku, None) for sku in range(10, 300)])
try:
    with connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO stock VALUES (1, 1, 'twice')")
except psycopg2.errors.UniqueViolation as error:
    print(error.pgcode)
with connection, connection.cursor() as cursor:
    rows = "".join(f"{sku}\t{sku}\tcopied\n" for sku in range(1000, 1500))
    cursor.copy_expert("COPY stock FROM STDIN", io.StringIO(rows))
    out = io.StringIO()
    cursor.copy_expert("COPY (SELECT * FROM stock ORDER BY sku) TO STDOUT WITH CSV", out)
    print(len(out.getvalue()))
with connection, connection.cursor("named") as cursor:
    cursor.execute("SELECT sku FROM stock ORDER BY sku")
    print(cursor.fetchmany(5))
connection.rollback()
connection.close()
print("end")
