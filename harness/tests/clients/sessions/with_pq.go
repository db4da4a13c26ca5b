// Simple and prepared queries, a refused change, a transaction that is taken back, a COPY.
package main

import (
	"database/sql"
	"fmt"
	"os"

	"github.com/lib/pq"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	db, err := sql.Open("postgres", os.Args[1]+"?sslmode=disable")
	check(err)
	db.SetMaxOpenConns(1)
	for _, units := range []int{0, 5} {
		var count int
		check(db.QueryRow("SELECT count(*) FROM stock WHERE units >= $1", units).Scan(&count))
		fmt.Println(count)
	}
	_, err = db.Exec("UPDATE stock SET units = -1 WHERE sku = 2")
	fmt.Println(err.(*pq.Error).Code.Name())
	tx, err := db.Begin()
	check(err)
	statement, err := tx.Prepare("UPDATE stock SET note = $1 WHERE sku = $2")
	check(err)
	for sku := 1; sku <= 3; sku++ {
		_, err = statement.Exec("changed", sku)
		check(err)
	}
	check(tx.Rollback())
	tx, err = db.Begin()
	check(err)
	copying, err := tx.Prepare(pq.CopyIn("stock", "sku", "units", "note"))
	check(err)
	for sku := 100; sku < 600; sku++ {
		_, err = copying.Exec(sku, sku, "copied")
		check(err)
	}
	_, err = copying.Exec()
	check(err)
	check(copying.Close())
	check(tx.Commit())
	var sum int
	check(db.QueryRow("SELECT sum(units) FROM stock").Scan(&sum))
	fmt.Println(sum)
	check(db.Close())
	fmt.Println("end")
}
