#!/bin/sh
# Builds the program into Go's cache and becomes it. (`go run` would leave a folder behind when it is killed.)
program=$(go env GOCACHE)/raceproof-orders-$RACEPROOF_WORKER
go build -o "$program" orders.go && exec "$program" "$@"
