-- What psql sends for its own commands, for variables, for COPY, and for a statement that fails.
SELECT * FROM stock ORDER BY sku;
SELECT units FROM stock WHERE sku = 1 \gset
SELECT :units + 1 AS more;
SELECT sku, note FROM stock \gdesc
UPDATE stock SET units = -1 WHERE sku = 2;
BEGIN;
INSERT INTO stock VALUES (4, 4, 'four');
SAVEPOINT s;
SELECT 1 / 0;
ROLLBACK TO s;
COMMIT;
COPY stock FROM STDIN;
5	5	five
6	6	\N
\.
COPY (SELECT * FROM stock ORDER BY sku) TO STDOUT;
DO $$ BEGIN RAISE NOTICE 'a notice'; END $$;
\dt stock
\echo end
