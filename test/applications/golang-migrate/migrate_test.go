// golang-migrate's suite for drivers of databases, as its own test of the Cassandra driver runs it, without the container.
package migrate

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	"github.com/golang-migrate/migrate/v4/database/cassandra"
	dt "github.com/golang-migrate/migrate/v4/database/testing"
	_ "github.com/golang-migrate/migrate/v4/source/file"
)

// A keyspace of the test's own, as its URL.
func address(t *testing.T, keyspace string) string {
	t.Helper()
	where := fmt.Sprintf("%s:%s", os.Getenv("CQL_HOST"), os.Getenv("CQL_PORT"))
	admin := session(t, where)
	defer admin.Close()
	create := "CREATE KEYSPACE IF NOT EXISTS %s WITH REPLICATION = {'class': 'SimpleStrategy', 'replication_factor': 1}"
	if err := admin.Query(fmt.Sprintf(create, keyspace)).Exec(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("cassandra://%s/%s?connect-timeout=30s", where, keyspace)
}

func open(t *testing.T, keyspace string) database.Driver {
	t.Helper()
	driver, err := (&cassandra.Cassandra{}).Open(address(t, keyspace))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	})
	return driver
}

func TestDriver(t *testing.T) {
	dt.Test(t, open(t, "migrate_driver"), []byte("SELECT table_name from system_schema.tables"))
}

func TestMigrate(t *testing.T) {
	driver := open(t, "migrate_examples")
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/golang-migrate/migrate/v4").Output()
	if err != nil {
		t.Fatal(err)
	}
	examples := filepath.Join(strings.TrimSpace(string(module)), "database", "cassandra", "examples", "migrations")
	m, err := migrate.NewWithDatabaseInstance("file://"+examples, "migrate_examples", driver)
	if err != nil {
		t.Fatal(err)
	}
	dt.TestMigrate(t, m)
}

// Migrations of several statements, up, down by one and up again; the version is in the table.
func TestMultiStatement(t *testing.T) {
	url := address(t, "migrate_multi") + "&x-multi-statement=true"
	m, err := migrate.New("file://migrations", url)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	version := func(want uint) {
		t.Helper()
		if got, dirty, err := m.Version(); err != nil || dirty || got != want {
			t.Fatalf("version %d, dirty %v, %v; wanted %d", got, dirty, err, want)
		}
	}
	if err := m.Up(); err != nil {
		t.Fatal(err)
	}
	version(2)
	if err := m.Steps(-1); err != nil {
		t.Fatal(err)
	}
	version(1)
	if err := m.Migrate(2); err != nil {
		t.Fatal(err)
	}
	version(2)
	if err := m.Up(); err != migrate.ErrNoChange {
		t.Fatalf("a second up: %v", err)
	}
	if err := m.Drop(); err != nil {
		t.Fatal(err)
	}
}
