"""The Python cassandra-driver, unmodified, against a server at CQL_HOST:CQL_PORT: prints a line a check and "N passed, N failed"."""

import datetime
import decimal
import ipaddress
import os
import subprocess
import sys
import time
import traceback
import uuid

from cassandra import AlreadyExists, InvalidRequest, ProtocolVersion
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.policies import ConstantReconnectionPolicy, TokenAwarePolicy, RoundRobinPolicy
from cassandra.protocol import SyntaxException
from cassandra.query import UNSET_VALUE, BatchStatement, BatchType, SimpleStatement, tuple_factory
from cassandra.util import Date, Duration, Time

KEYSPACE = "drivers_python"
passed = failed = 0


def check(name, run, *args):
    global passed, failed
    try:
        run(*args)
    except Exception as error:
        failed += 1
        print(f"not ok - {name}: {error!r}")
        traceback.print_exc()
    else:
        passed += 1
        print(f"ok - {name}")
    sys.stdout.flush()


def cluster(protocol=None, compression=True):
    profile = ExecutionProfile(
        request_timeout=30, row_factory=tuple_factory, load_balancing_policy=TokenAwarePolicy(RoundRobinPolicy())
    )
    extra = {} if protocol is None else {"protocol_version": protocol}
    return Cluster(
        [os.environ["CQL_HOST"]],
        port=int(os.environ["CQL_PORT"]),
        compression=compression,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        reconnection_policy=ConstantReconnectionPolicy(0.2, max_attempts=None),
        **extra,
    )


def same(expected, actual, what=""):
    if expected != actual:
        raise AssertionError(f"{what} expected {expected!r}, got {actual!r}")


def round_trip(protocol, compression):
    with cluster(protocol, compression) as connected:
        session = connected.connect()
        if protocol is None:
            same(ProtocolVersion.V5, connected.protocol_version)
        session.execute(
            f"CREATE KEYSPACE IF NOT EXISTS {KEYSPACE} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}"
        )
        session.execute(f"CREATE TABLE IF NOT EXISTS {KEYSPACE}.kv (k text PRIMARY KEY, v text)")
        insert = session.prepare(f"INSERT INTO {KEYSPACE}.kv (k, v) VALUES (?, ?)")
        select = session.prepare(f"SELECT v FROM {KEYSPACE}.kv WHERE k = ?")
        for key, value in {"small": "value", "large": "ferrosa " * 40_000, "empty": ""}.items():
            session.execute(insert, (key, value))
            same(value, session.execute(select, (key,)).one()[0])


def types(session, connected):
    session.execute(f"CREATE TYPE IF NOT EXISTS {KEYSPACE}.address (street text, number int)")
    values = {
        "ascii": "plain",
        "bigint": -(1 << 62),
        "blob": b"\x00\x01\xff",
        "boolean": True,
        "date": Date(datetime.date(2026, 3, 18)),
        "decimal": decimal.Decimal("-12345.6789"),
        "double": 1.5e300,
        "float": -0.25,
        "inet": "2001:db8::1",
        "int": -7,
        "smallint": -300,
        "text": "zażółć ✓",
        "time": Time(45_296_000_000_789),
        "timestamp": datetime.datetime(2023, 11, 14, 22, 13, 20, 123000),
        "timeuuid": uuid.uuid1(),
        "tinyint": -5,
        "uuid": uuid.uuid4(),
        "varint": -170141183460469231731687303715884105729,
        "duration": Duration(1, 2, 3),
        "list<int>": [3, 1, 2],
        "set<text>": {"a", "b"},
        "map<text, bigint>": {"x": 1, "y": 2},
        "frozen<list<frozen<list<int>>>>": [[1, 2], [3]],
        "tuple<int, text>": (1, "t"),
        "vector<float, 3>": [1.0, 2.5, -3.0],
    }
    for i, (cql, value) in enumerate(values.items()):
        table = f"{KEYSPACE}.type_{i}"
        session.execute(f"DROP TABLE IF EXISTS {table}")
        session.execute(f"CREATE TABLE {table} (k int PRIMARY KEY, v {cql})")
        session.execute(session.prepare(f"INSERT INTO {table} (k, v) VALUES (?, ?)"), (1, value))
        got = session.execute(session.prepare(f"SELECT v FROM {table} WHERE k = ?"), (1,)).one()[0]
        if cql == "inet":
            got = str(ipaddress.ip_address(got))
        if isinstance(value, (set, dict, list)) and not isinstance(got, tuple):
            got = type(value)(got) if not isinstance(value, list) else [list(v) if hasattr(v, "__iter__") else v for v in got]
        same(value, got, cql)
    session.execute(f"DROP TABLE IF EXISTS {KEYSPACE}.type_udt")
    session.execute(f"CREATE TABLE {KEYSPACE}.type_udt (k int PRIMARY KEY, f frozen<address>, a address)".replace("address", f"{KEYSPACE}.address"))
    insert = session.prepare(f"INSERT INTO {KEYSPACE}.type_udt (k, f, a) VALUES (?, ?, ?)")
    session.execute(insert, (1, ("Main", 5), ("High", None)))
    row = session.execute(f"SELECT f, a, f.street, a.number FROM {KEYSPACE}.type_udt WHERE k = 1").one()
    same((("Main", 5), ("High", None), "Main", None), (tuple(row[0]), tuple(row[1]), row[2], row[3]))


def unset(session):
    session.execute(f"DROP TABLE IF EXISTS {KEYSPACE}.unset")
    session.execute(f"CREATE TABLE {KEYSPACE}.unset (k int PRIMARY KEY, a int, b int)")
    insert = session.prepare(f"INSERT INTO {KEYSPACE}.unset (k, a, b) VALUES (?, ?, ?)")
    session.execute(insert, (1, 10, 20))
    session.execute(insert, (1, UNSET_VALUE, None))
    same((10, None), session.execute(f"SELECT a, b FROM {KEYSPACE}.unset WHERE k = 1").one())


def paging(session):
    session.execute(f"DROP TABLE IF EXISTS {KEYSPACE}.pages")
    session.execute(f"CREATE TABLE {KEYSPACE}.pages (p int, c int, v text, PRIMARY KEY (p, c))")
    insert = session.prepare(f"INSERT INTO {KEYSPACE}.pages (p, c, v) VALUES (?, ?, ?)")
    pending = []
    for p in range(100):
        for start in range(0, 1000, 100):
            batch = BatchStatement(BatchType.UNLOGGED)
            for c in range(start, start + 100):
                batch.add(insert, (p, c, "row"))
            pending.append(session.execute_async(batch))
            if len(pending) == 16:
                for future in pending:
                    future.result()
                pending = []
    for future in pending:
        future.result()
    for size in (5000, 777):
        rows = list(session.execute(SimpleStatement(f"SELECT p, c FROM {KEYSPACE}.pages", fetch_size=size)))
        same(100_000, len(rows))
        same(100_000, len(set(rows)))


def paging_state(session):
    statement = SimpleStatement(f"SELECT p, c FROM {KEYSPACE}.pages WHERE p = 7", fetch_size=300)
    result = session.execute(statement)
    first = list(result.current_rows)
    rest = list(session.execute(statement, paging_state=result.paging_state))
    same([(7, c) for c in range(1000)], first + rest)


def batches(session):
    for name in ("batched", "counted"):
        session.execute(f"DROP TABLE IF EXISTS {KEYSPACE}.{name}")
    session.execute(f"CREATE TABLE {KEYSPACE}.batched (p int, c int, PRIMARY KEY (p, c))")
    session.execute(f"CREATE TABLE {KEYSPACE}.counted (k int PRIMARY KEY, n counter)")
    insert = session.prepare(f"INSERT INTO {KEYSPACE}.batched (p, c) VALUES (?, ?)")
    for n, kind in enumerate((BatchType.LOGGED, BatchType.UNLOGGED)):
        batch = BatchStatement(kind)
        for i in range(20):
            batch.add(insert, (i % 4, i + 100 * n))
        batch.add(SimpleStatement(f"INSERT INTO {KEYSPACE}.batched (p, c) VALUES (%s, %s)"), (9, n))
        session.execute(batch)
    counters = BatchStatement(BatchType.COUNTER)
    update = session.prepare(f"UPDATE {KEYSPACE}.counted SET n = n + ? WHERE k = ?")
    for _ in range(5):
        counters.add(update, (3, 1))
    session.execute(counters)
    same((42,), session.execute(f"SELECT count(*) FROM {KEYSPACE}.batched").one())
    same((15,), session.execute(f"SELECT n FROM {KEYSPACE}.counted WHERE k = 1").one())


def concurrent(session):
    session.execute(f"DROP TABLE IF EXISTS {KEYSPACE}.concurrent")
    session.execute(f"CREATE TABLE {KEYSPACE}.concurrent (k int PRIMARY KEY, v int)")
    insert = session.prepare(f"INSERT INTO {KEYSPACE}.concurrent (k, v) VALUES (?, ?)")
    select = session.prepare(f"SELECT v FROM {KEYSPACE}.concurrent WHERE k = ?")
    execute_concurrent_with_args(session, insert, [(i, i * 2) for i in range(10_000)], concurrency=1000)
    results = execute_concurrent_with_args(session, select, [(i,) for i in range(10_000)], concurrency=1000)
    same([i * 2 for i in range(10_000)], [result.one()[0] for _, result in results])


def schema(session, connected):
    session.execute(f"DROP TABLE IF EXISTS {KEYSPACE}.described")
    session.execute(
        f"CREATE TABLE {KEYSPACE}.described (a int, b int, c text, s int static, PRIMARY KEY ((a), b)) WITH CLUSTERING ORDER BY (b DESC)"
    )
    # A change made by another session reaches this one by an event.
    with cluster() as other:
        other.connect().execute(f"ALTER TABLE {KEYSPACE}.described ADD d list<int>")
    for _ in range(100):
        table = connected.metadata.keyspaces[KEYSPACE].tables["described"]
        if "d" in table.columns:
            break
        time.sleep(0.1)
    same(["a", "b", "c", "d", "s"], sorted(table.columns))
    same("list<int>", table.columns["d"].cql_type)
    assert "CLUSTERING ORDER BY (b DESC)" in table.as_cql_query(), table.as_cql_query()
    assert connected.metadata.token_map is not None


def tracing(session):
    result = session.execute(f"SELECT * FROM {KEYSPACE}.kv WHERE k = 'small'", trace=True)
    trace = result.get_query_trace(10)
    assert trace.duration is not None and trace.coordinator is not None, trace


def error_codes(session):
    cases = {
        f"SELECT * FROM {KEYSPACE}.nowhere": InvalidRequest,
        "SELEC 1": SyntaxException,
        f"CREATE TABLE {KEYSPACE}.kv (k text PRIMARY KEY)": AlreadyExists,
    }
    for statement, kind in cases.items():
        try:
            session.execute(statement)
        except kind:
            continue
        raise AssertionError(f"no {kind.__name__} for {statement}")


def restart(session, command):
    insert = session.prepare(f"INSERT INTO {KEYSPACE}.kv (k, v) VALUES (?, ?)")
    session.execute(insert, ("before", "restart"))
    subprocess.run(command, shell=True, check=True)
    deadline = time.monotonic() + 30
    while True:
        try:
            same("restart", session.execute(f"SELECT v FROM {KEYSPACE}.kv WHERE k = 'before'").one()[0])
            session.execute(insert, ("after", "restart"))
            return
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def main():
    for protocol in (None, 3, 4, 5):
        for compression in (False, "lz4", "snappy"):
            if compression == "snappy" and protocol in (None, 5):
                continue  # v5 has no Snappy
            version = "the default protocol" if protocol is None else f"v{protocol}"
            check(f"{version} with compression {compression}: a session writes and reads", round_trip, protocol, compression)
    with cluster() as connected:
        session = connected.connect(KEYSPACE)
        check("every type goes through prepared statements", types, session, connected)
        check("null and unset differ", unset, session)
        check("100,000 rows come in pages", paging, session)
        check("a paging state continues where it stopped", paging_state, session)
        check("batches: logged, unlogged, counter", batches, session)
        check("10,000 concurrent requests are answered", concurrent, session)
        check("schema metadata follows DDL by events", schema, session, connected)
        check("a traced query leaves a trace", tracing, session)
        check("an error has its code", error_codes, session)
        if os.environ.get("RESTART_COMMAND"):
            check("the session survives a restart of the server", restart, session, os.environ["RESTART_COMMAND"])
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
