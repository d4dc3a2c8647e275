// Package tests names the package whose tests run, so that its module and what it needs are in go.mod.
package tests

import (
	_ "github.com/gocql/gocql"
)
