package migrate

import (
	"testing"
	"time"

	"github.com/gocql/gocql"
)

func session(t *testing.T, where string) *gocql.Session {
	t.Helper()
	cluster := gocql.NewCluster(where)
	cluster.Timeout = time.Minute
	cluster.ConnectTimeout = 30 * time.Second
	session, err := cluster.CreateSession()
	if err != nil {
		t.Fatal(err)
	}
	return session
}
