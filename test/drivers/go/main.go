// The Apache gocql driver, unmodified, against a server at CQL_HOST:CQL_PORT: prints a line a check and "N passed, N failed".
// RESTART_COMMAND, when set, is a shell command that kills the server and starts it again on the same port.
package main

import (
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
	"github.com/apache/cassandra-gocql-driver/v2/lz4"
	"github.com/apache/cassandra-gocql-driver/v2/snappy"
	"gopkg.in/inf.v0"
)

var passed, failed int

func check(name string, run func() error) {
	if err := run(); err != nil {
		failed++
		fmt.Printf("not ok - %s: %v\n", name, err)
		return
	}
	passed++
	fmt.Printf("ok - %s\n", name)
}

func config(protocol int, compressor gocql.Compressor) *gocql.ClusterConfig {
	port, _ := strconv.Atoi(os.Getenv("CQL_PORT"))
	c := gocql.NewCluster(os.Getenv("CQL_HOST"))
	c.Port = port
	c.Timeout = 20 * time.Second
	c.ConnectTimeout = 10 * time.Second
	c.ProtoVersion = protocol
	c.Compressor = compressor
	c.Consistency = gocql.One
	c.ReconnectInterval = 500 * time.Millisecond
	return c
}

const keyspace = "drivers_go"

func main() {
	for _, protocol := range []int{0, 3, 4, 5} {
		for name, compressor := range map[string]gocql.Compressor{"none": nil, "lz4": lz4.LZ4Compressor{}, "snappy": snappy.SnappyCompressor{}} {
			if name == "snappy" && (protocol == 0 || protocol == 5) {
				continue // v5 has no Snappy
			}
			check(fmt.Sprintf("v%d with compression %s: a session writes and reads", protocol, name), func() error { return roundTrip(protocol, compressor) })
		}
	}
	session, err := config(5, nil).CreateSession()
	if err != nil {
		check("session", func() error { return err })
		finish()
	}
	defer session.Close()
	check("every type goes through prepared statements", func() error { return types(session) })
	check("null and unset differ", func() error { return unset(session) })
	check("100,000 rows come in pages", func() error { return paging(session) })
	check("batches: logged, unlogged, counter", func() error { return batches(session) })
	check("10,000 concurrent requests are answered", func() error { return concurrent(session) })
	check("schema metadata follows DDL", func() error { return schema(session) })
	check("an error has its code", func() error { return errorCodes(session) })
	if command := os.Getenv("RESTART_COMMAND"); command != "" {
		check("the session survives a restart of the server", func() error { return restart(session, command) })
	}
	finish()
}

func finish() {
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
	os.Exit(0)
}

func execAll(session *gocql.Session, statements ...string) error {
	for _, statement := range statements {
		if err := session.Query(statement).Exec(); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func roundTrip(protocol int, compressor gocql.Compressor) error {
	session, err := config(protocol, compressor).CreateSession()
	if err != nil {
		return err
	}
	defer session.Close()
	err = execAll(session,
		"CREATE KEYSPACE IF NOT EXISTS "+keyspace+" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
		"CREATE TABLE IF NOT EXISTS "+keyspace+".kv (k text PRIMARY KEY, v text)")
	if err != nil {
		return err
	}
	// Larger than a v5 segment, and compressible.
	large := strings.Repeat("ferrosa ", 40_000)
	for key, value := range map[string]string{"small": "value", "large": large, "empty": ""} {
		if err := session.Query("INSERT INTO "+keyspace+".kv (k, v) VALUES (?, ?)", key, value).Exec(); err != nil {
			return err
		}
		var got string
		if err := session.Query("SELECT v FROM "+keyspace+".kv WHERE k = ?", key).Scan(&got); err != nil {
			return err
		}
		if got != value {
			return fmt.Errorf("%s: %d bytes came back of %d", key, len(got), len(value))
		}
	}
	return nil
}

type address struct {
	Street string `cql:"street"`
	Number int    `cql:"number"`
}

func types(session *gocql.Session) error {
	decimal := inf.NewDec(-123456789, 4)
	varint, _ := new(big.Int).SetString("-170141183460469231731687303715884105729", 10)
	id := gocql.TimeUUID()
	moment := time.UnixMilli(1_700_000_000_123).UTC()
	day := time.Date(2026, 3, 18, 0, 0, 0, 0, time.UTC)
	values := []struct {
		cql   string
		value any
	}{
		{"ascii", "plain"}, {"bigint", int64(-1 << 62)}, {"blob", []byte{0, 1, 255}}, {"boolean", true},
		{"date", day}, {"decimal", decimal}, {"double", 1.5e300}, {"float", float32(-0.25)},
		{"inet", net.ParseIP("2001:db8::1")}, {"int", -7}, {"smallint", int16(-300)}, {"text", "zażółć ✓"},
		{"time", 12*time.Hour + 34*time.Minute + 56*time.Second + 789}, {"timestamp", moment}, {"timeuuid", id},
		{"tinyint", int8(-5)}, {"uuid", gocql.MustRandomUUID()}, {"varint", varint},
		{"duration", gocql.Duration{Months: 1, Days: 2, Nanoseconds: 3}},
		{"list<int>", []int{3, 1, 2}}, {"set<text>", []string{"a", "b"}}, {"map<text, bigint>", map[string]int64{"x": 1, "y": 2}},
		{"frozen<list<frozen<set<int>>>>", [][]int{{1, 2}, {3}}},
		{"frozen<address>", address{"Main", 5}}, {"address", address{"High", 6}}, {"vector<float, 3>", []float32{1, 2.5, -3}},
	}
	if err := execAll(session, "CREATE TYPE IF NOT EXISTS "+keyspace+".address (street text, number int)"); err != nil {
		return err
	}
	for i, v := range values {
		table := fmt.Sprintf("%s.type_%d", keyspace, i)
		cql := strings.ReplaceAll(v.cql, "address", keyspace+".address")
		if err := execAll(session, "DROP TABLE IF EXISTS "+table, "CREATE TABLE "+table+" (k int PRIMARY KEY, v "+cql+")"); err != nil {
			return err
		}
		if err := session.Query("INSERT INTO "+table+" (k, v) VALUES (?, ?)", 1, v.value).Exec(); err != nil {
			return fmt.Errorf("%s: %w", v.cql, err)
		}
		got := reflect.New(reflect.TypeOf(v.value))
		if err := session.Query("SELECT v FROM "+table+" WHERE k = ?", 1).Scan(got.Interface()); err != nil {
			return fmt.Errorf("%s: %w", v.cql, err)
		}
		if want, have := fmt.Sprint(v.value), fmt.Sprint(got.Elem().Interface()); want != have {
			return fmt.Errorf("%s: wrote %s, read %s", v.cql, want, have)
		}
	}
	return nil
}

func unset(session *gocql.Session) error {
	table := keyspace + ".unset"
	if err := execAll(session, "DROP TABLE IF EXISTS "+table, "CREATE TABLE "+table+" (k int PRIMARY KEY, a int, b int)"); err != nil {
		return err
	}
	insert := "INSERT INTO " + table + " (k, a, b) VALUES (?, ?, ?)"
	if err := session.Query(insert, 1, 10, 20).Exec(); err != nil {
		return err
	}
	if err := session.Query(insert, 1, gocql.UnsetValue, nil).Exec(); err != nil {
		return err
	}
	var a, b *int
	if err := session.Query("SELECT a, b FROM "+table+" WHERE k = 1").Scan(&a, &b); err != nil {
		return err
	}
	if a == nil || *a != 10 || b != nil {
		return fmt.Errorf("a = %v, b = %v", a, b)
	}
	return nil
}

func paging(session *gocql.Session) error {
	table := keyspace + ".pages"
	if err := execAll(session, "DROP TABLE IF EXISTS "+table, "CREATE TABLE "+table+" (p int, c int, v text, PRIMARY KEY (p, c))"); err != nil {
		return err
	}
	const partitions, rows = 100, 1000
	err := parallel(partitions, 16, func(p int) error {
		for start := 0; start < rows; start += 100 {
			batch := session.Batch(gocql.UnloggedBatch)
			for c := start; c < start+100; c++ {
				batch.Query("INSERT INTO "+table+" (p, c, v) VALUES (?, ?, ?)", p, c, "row")
			}
			if err := batch.Exec(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, size := range []int{5000, 777} {
		seen := make(map[[2]int]bool, partitions*rows)
		iter := session.Query("SELECT p, c FROM " + table).PageSize(size).Iter()
		var p, c int
		for iter.Scan(&p, &c) {
			if seen[[2]int{p, c}] {
				return fmt.Errorf("page size %d: row %d, %d came twice", size, p, c)
			}
			seen[[2]int{p, c}] = true
		}
		if err := iter.Close(); err != nil {
			return err
		}
		if len(seen) != partitions*rows {
			return fmt.Errorf("page size %d: %d rows", size, len(seen))
		}
	}
	return nil
}

func batches(session *gocql.Session) error {
	table, counters := keyspace+".batched", keyspace+".counted"
	err := execAll(session, "DROP TABLE IF EXISTS "+table, "DROP TABLE IF EXISTS "+counters,
		"CREATE TABLE "+table+" (p int, c int, PRIMARY KEY (p, c))", "CREATE TABLE "+counters+" (k int PRIMARY KEY, n counter)")
	if err != nil {
		return err
	}
	for _, kind := range []gocql.BatchType{gocql.LoggedBatch, gocql.UnloggedBatch} {
		batch := session.Batch(kind)
		for i := 0; i < 20; i++ {
			batch.Query("INSERT INTO "+table+" (p, c) VALUES (?, ?)", i%4, i+100*int(kind))
		}
		if err := batch.Exec(); err != nil {
			return err
		}
	}
	counter := session.Batch(gocql.CounterBatch)
	for i := 0; i < 5; i++ {
		counter.Query("UPDATE "+counters+" SET n = n + ? WHERE k = ?", int64(3), 1)
	}
	if err := counter.Exec(); err != nil {
		return err
	}
	var rows, n int64
	if err := session.Query("SELECT count(*) FROM " + table).Scan(&rows); err != nil {
		return err
	}
	if err := session.Query("SELECT n FROM " + counters + " WHERE k = 1").Scan(&n); err != nil {
		return err
	}
	if rows != 40 || n != 15 {
		return fmt.Errorf("%d rows, counter %d", rows, n)
	}
	return nil
}

func concurrent(session *gocql.Session) error {
	table := keyspace + ".concurrent"
	if err := execAll(session, "DROP TABLE IF EXISTS "+table, "CREATE TABLE "+table+" (k int PRIMARY KEY, v int)"); err != nil {
		return err
	}
	return parallel(10_000, 1_000, func(i int) error {
		if err := session.Query("INSERT INTO "+table+" (k, v) VALUES (?, ?)", i, i*2).Exec(); err != nil {
			return err
		}
		var v int
		if err := session.Query("SELECT v FROM "+table+" WHERE k = ?", i).Scan(&v); err != nil {
			return err
		}
		if v != i*2 {
			return fmt.Errorf("key %d holds %d", i, v)
		}
		return nil
	})
}

// Runs `work` for 0..count-1 on that many goroutines; the first error wins.
func parallel(count, workers int, work func(int) error) error {
	next := make(chan int)
	failures := make(chan error, workers)
	var group sync.WaitGroup
	for w := 0; w < workers; w++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range next {
				if err := work(i); err != nil {
					select {
					case failures <- err:
					default:
					}
				}
			}
		}()
	}
	for i := 0; i < count; i++ {
		next <- i
	}
	close(next)
	group.Wait()
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

func schema(session *gocql.Session) error {
	table := keyspace + ".described"
	if err := execAll(session, "DROP TABLE IF EXISTS "+table, "CREATE TABLE "+table+" (a int, b int, c text, s int static, PRIMARY KEY ((a), b)) WITH CLUSTERING ORDER BY (b DESC)"); err != nil {
		return err
	}
	if err := execAll(session, "ALTER TABLE "+table+" ADD d list<int>"); err != nil {
		return err
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		metadata, err := session.KeyspaceMetadata(keyspace)
		if err != nil {
			return err
		}
		if t := metadata.Tables["described"]; t != nil && t.Columns["d"] != nil {
			if len(t.PartitionKey) != 1 || len(t.ClusteringColumns) != 1 || len(t.Columns) != 5 {
				return fmt.Errorf("odd metadata: %d partition key columns, %d clustering columns, %d columns", len(t.PartitionKey), len(t.ClusteringColumns), len(t.Columns))
			}
			return nil
		}
		if time.Now().After(deadline) {
			return errors.New("the new column did not show up")
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func errorCodes(session *gocql.Session) error {
	cases := map[string]int{
		"SELECT * FROM " + keyspace + ".nowhere": 0x2200,
		"SELEC 1":                                0x2000,
		"CREATE TABLE " + keyspace + ".kv (k text PRIMARY KEY)": 0x2400,
	}
	for statement, code := range cases {
		err := session.Query(statement).Exec()
		var request gocql.RequestError
		if !errors.As(err, &request) || request.Code() != code {
			return fmt.Errorf("%s: %v", statement, err)
		}
	}
	return nil
}

func restart(session *gocql.Session, command string) error {
	insert := "INSERT INTO " + keyspace + ".kv (k, v) VALUES (?, ?)"
	if err := session.Query(insert, "before", "restart").Exec(); err != nil {
		return err
	}
	if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %s", err, out)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		var v string
		err := session.Query("SELECT v FROM "+keyspace+".kv WHERE k = ?", "before").Scan(&v)
		if err == nil {
			if v != "restart" {
				return fmt.Errorf("read %q", v)
			}
			return session.Query(insert, "after", "restart").Exec()
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}
