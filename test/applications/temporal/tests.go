// Package temporal names the package whose tests run, so that its module and what it needs are in go.mod.
package temporal

import (
	_ "go.temporal.io/server/common/persistence/tests"
)
