// Places one order whenever it is told to run, with lib/pq; speaks JSON lines.
package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"

	_ "github.com/lib/pq"
)

func order(db *sql.DB, lock bool) (int, error) {
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	if lock {
		if _, err := tx.Exec("SELECT id FROM shops WHERE id = 1 FOR UPDATE"); err != nil {
			return 0, err
		}
	}
	var number int
	if err := tx.QueryRow("SELECT coalesce(max(number), 0) + 1 FROM orders").Scan(&number); err != nil {
		return 0, err
	}
	if _, err := tx.Exec("INSERT INTO orders VALUES ($1, $2)", number, os.Getenv("RACEPROOF_WORKER")); err != nil {
		return 0, err
	}
	return number, tx.Commit()
}

func main() {
	db, err := sql.Open("postgres", os.Getenv("DATABASE_URL")+"?sslmode=disable")
	if err != nil {
		panic(err)
	}
	db.SetMaxOpenConns(1)
	answers := json.NewEncoder(os.Stdout)
	answers.Encode(map[string]bool{"ready": true})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		number, err := order(db, os.Args[1] == "fix")
		if err != nil {
			answers.Encode(map[string]string{"error": err.Error()})
		} else {
			answers.Encode(map[string]string{"ok": fmt.Sprint("order ", number)})
		}
	}
}
