// Package tests names the packages whose tests run, so that their modules and what they need are in go.mod.
package tests

import (
	_ "github.com/gocql/gocql"
	_ "github.com/scylladb/gocqlx/v3"
	_ "github.com/scylladb/gocqlx/v3/dbutil"
	_ "github.com/scylladb/gocqlx/v3/migrate"
)
