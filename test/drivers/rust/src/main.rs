//! The Rust scylla driver, unmodified, against a server at CQL_HOST:CQL_PORT: prints a line a check and "N passed, N failed".
//! With CQL_METRICS (an URL path is read by plain HTTP from CQL_HOST:CQL_WEB_PORT) it proves that requests land on the shard that owns them.

use futures::stream::{self, TryStreamExt};
use num_bigint_04::BigInt;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::client::Compression;
use scylla::errors::{DbError, ExecutionError, RequestAttemptError};
use scylla::statement::batch::{Batch, BatchType};
use scylla::value::{CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlTimeuuid, MaybeUnset};
use scylla::{DeserializeValue, SerializeValue};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::error::Error;
use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

const KEYSPACE: &str = "drivers_rust";

#[derive(Default)]
struct Report {
    passed: u32,
    failed: u32,
}

impl Report {
    async fn check(&mut self, name: &str, run: impl Future<Output = Outcome>) {
        match run.await {
            Ok(()) => {
                self.passed += 1;
                println!("ok - {name}");
            }
            Err(error) => {
                self.failed += 1;
                println!("not ok - {name}: {error}");
            }
        }
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

async fn connect(compression: Option<Compression>) -> Result<Session, Box<dyn Error + Send + Sync>> {
    let node = format!("{}:{}", variable("CQL_HOST"), variable("CQL_PORT"));
    Ok(SessionBuilder::new()
        .known_node(node)
        .compression(compression)
        .build()
        .await?)
}

async fn run_all(session: &Session, statements: &[&str]) -> Outcome {
    for statement in statements {
        session
            .query_unpaged(*statement, &[])
            .await
            .map_err(|e| format!("{statement}: {e}"))?;
    }
    Ok(())
}

async fn round_trip(compression: Option<Compression>) -> Outcome {
    let session = connect(compression).await?;
    run_all(&session, &[
        "CREATE KEYSPACE IF NOT EXISTS drivers_rust WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
        "CREATE TABLE IF NOT EXISTS drivers_rust.kv (k text PRIMARY KEY, v text)",
    ])
    .await?;
    let large = "ferrosa ".repeat(40_000);
    let insert = session
        .prepare("INSERT INTO drivers_rust.kv (k, v) VALUES (?, ?)")
        .await?;
    let select = session.prepare("SELECT v FROM drivers_rust.kv WHERE k = ?").await?;
    for (key, value) in [("small", "value"), ("large", large.as_str()), ("empty", "")] {
        session.execute_unpaged(&insert, (key, value)).await?;
        let (got,) = session
            .execute_unpaged(&select, (key,))
            .await?
            .into_rows_result()?
            .single_row::<(String,)>()?;
        if got != value {
            return Err(format!("{key}: {} bytes came back of {}", got.len(), value.len()).into());
        }
    }
    Ok(())
}

#[derive(SerializeValue, DeserializeValue, Clone, PartialEq, Debug)]
struct Address {
    street: Option<String>,
    number: Option<i32>,
}

async fn one_type<T>(session: &Session, cql: &str, value: T) -> Outcome
where
    T: scylla::serialize::value::SerializeValue + PartialEq + std::fmt::Debug + Clone + Send + Sync + 'static,
    T: for<'f, 'm> scylla::deserialize::value::DeserializeValue<'f, 'm>,
{
    let name: String = cql
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let table = format!("{KEYSPACE}.type_{name}");
    run_all(
        session,
        &[
            &format!("DROP TABLE IF EXISTS {table}"),
            &format!("CREATE TABLE {table} (k int PRIMARY KEY, v {cql})"),
        ],
    )
    .await?;
    let insert = session
        .prepare(format!("INSERT INTO {table} (k, v) VALUES (?, ?)"))
        .await?;
    session
        .execute_unpaged(&insert, (1, value.clone()))
        .await
        .map_err(|e| format!("{cql}: {e}"))?;
    let select = session.prepare(format!("SELECT v FROM {table} WHERE k = ?")).await?;
    let result = session.execute_unpaged(&select, (1,)).await?.into_rows_result()?;
    let (got,) = result.single_row::<(T,)>().map_err(|e| format!("{cql}: {e}"))?;
    if got != value {
        return Err(format!("{cql}: wrote {value:?}, read {got:?}").into());
    }
    Ok(())
}

async fn types(session: &Session) -> Outcome {
    run_all(
        session,
        &["CREATE TYPE IF NOT EXISTS drivers_rust.address (street text, number int)"],
    )
    .await?;
    let s = session;
    one_type(s, "ascii", "plain".to_string()).await?;
    one_type(s, "bigint", -1i64 << 62).await?;
    one_type(s, "blob", vec![0u8, 1, 255]).await?;
    one_type(s, "boolean", true).await?;
    one_type(s, "date", CqlDate((1 << 31) + 20_000)).await?;
    one_type(
        s,
        "decimal",
        CqlDecimal::from_signed_be_bytes_and_exponent(vec![0xf8, 0xa4, 0x32, 0xeb], 4),
    )
    .await?;
    one_type(s, "double", 1.5e300f64).await?;
    one_type(s, "float", -0.25f32).await?;
    one_type(s, "inet", "2001:db8::1".parse::<IpAddr>()?).await?;
    one_type(s, "int", -7i32).await?;
    one_type(s, "smallint", -300i16).await?;
    one_type(s, "text", "zażółć ✓".to_string()).await?;
    one_type(s, "time", CqlTime(45_296_000_000_789)).await?;
    one_type(s, "timestamp", CqlTimestamp(1_700_000_000_123)).await?;
    one_type(
        s,
        "timeuuid",
        CqlTimeuuid::from(uuid::Uuid::parse_str("8e14e760-7fa8-11eb-bc66-000000000001")?),
    )
    .await?;
    one_type(s, "tinyint", -5i8).await?;
    one_type(s, "uuid", uuid::Uuid::new_v4()).await?;
    one_type(
        s,
        "varint",
        "-170141183460469231731687303715884105729".parse::<BigInt>()?,
    )
    .await?;
    one_type(
        s,
        "duration",
        CqlDuration {
            months: 1,
            days: 2,
            nanoseconds: 3,
        },
    )
    .await?;
    one_type(s, "list<int>", vec![3, 1, 2]).await?;
    one_type(s, "set<text>", BTreeSet::from(["a".to_string(), "b".to_string()])).await?;
    one_type(
        s,
        "map<text, bigint>",
        BTreeMap::from([("x".to_string(), 1i64), ("y".to_string(), 2)]),
    )
    .await?;
    one_type(s, "frozen<list<frozen<list<int>>>>", vec![vec![1, 2], vec![3]]).await?;
    one_type(s, "tuple<int, text>", (Some(1i32), Some("t".to_string()))).await?;
    one_type(
        s,
        "frozen<address>",
        Address {
            street: Some("Main".into()),
            number: Some(5),
        },
    )
    .await?;
    one_type(
        s,
        "drivers_rust.address",
        Address {
            street: Some("High".into()),
            number: None,
        },
    )
    .await?;
    one_type(s, "vector<float, 3>", vec![1.0f32, 2.5, -3.0]).await
}

async fn unset(session: &Session) -> Outcome {
    run_all(
        session,
        &[
            "DROP TABLE IF EXISTS drivers_rust.unset",
            "CREATE TABLE drivers_rust.unset (k int PRIMARY KEY, a int, b int)",
        ],
    )
    .await?;
    let insert = session
        .prepare("INSERT INTO drivers_rust.unset (k, a, b) VALUES (?, ?, ?)")
        .await?;
    session.execute_unpaged(&insert, (1, 10, 20)).await?;
    session
        .execute_unpaged(&insert, (1, MaybeUnset::<i32>::Unset, None::<i32>))
        .await?;
    let result = session
        .query_unpaged("SELECT a, b FROM drivers_rust.unset WHERE k = 1", &[])
        .await?
        .into_rows_result()?;
    match result.single_row::<(Option<i32>, Option<i32>)>()? {
        (Some(10), None) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

async fn paging(session: &Session) -> Outcome {
    run_all(
        session,
        &[
            "DROP TABLE IF EXISTS drivers_rust.pages",
            "CREATE TABLE drivers_rust.pages (p int, c int, v text, PRIMARY KEY (p, c))",
        ],
    )
    .await?;
    let insert = session
        .prepare("INSERT INTO drivers_rust.pages (p, c, v) VALUES (?, ?, ?)")
        .await?;
    let mut batch = Batch::new(BatchType::Unlogged);
    for _ in 0..100 {
        batch.append_statement(insert.clone());
    }
    stream::iter(
        (0..100)
            .flat_map(|p| (0..10).map(move |start| (p, start * 100)))
            .map(Ok::<_, Box<dyn Error + Send + Sync>>),
    )
    .try_for_each_concurrent(16, |(p, start)| {
        let batch = &batch;
        async move {
            let values: Vec<(i32, i32, &str)> = (start..start + 100).map(|c| (p, c, "row")).collect();
            session.batch(batch, values).await?;
            Ok(())
        }
    })
    .await?;
    let mut select = session.prepare("SELECT p, c FROM drivers_rust.pages").await?;
    for size in [5000, 777] {
        select.set_page_size(size);
        let mut rows = session
            .execute_iter(select.clone(), &[])
            .await?
            .rows_stream::<(i32, i32)>()?;
        let mut seen = HashSet::new();
        while let Some(row) = rows.try_next().await? {
            if !seen.insert(row) {
                return Err(format!("page size {size}: row {row:?} came twice").into());
            }
        }
        if seen.len() != 100_000 {
            return Err(format!("page size {size}: {} rows", seen.len()).into());
        }
    }
    Ok(())
}

async fn batches(session: &Session) -> Outcome {
    run_all(
        session,
        &[
            "DROP TABLE IF EXISTS drivers_rust.batched",
            "DROP TABLE IF EXISTS drivers_rust.counted",
            "CREATE TABLE drivers_rust.batched (p int, c int, PRIMARY KEY (p, c))",
            "CREATE TABLE drivers_rust.counted (k int PRIMARY KEY, n counter)",
        ],
    )
    .await?;
    for (i, kind) in [BatchType::Logged, BatchType::Unlogged].into_iter().enumerate() {
        let mut batch = Batch::new(kind);
        let values: Vec<(i32, i32)> = (0..20).map(|n| (n % 4, n + 100 * i as i32)).collect();
        for _ in &values {
            batch.append_statement("INSERT INTO drivers_rust.batched (p, c) VALUES (?, ?)");
        }
        session.batch(&batch, values).await?;
    }
    let mut counters = Batch::new(BatchType::Counter);
    for _ in 0..5 {
        counters.append_statement("UPDATE drivers_rust.counted SET n = n + 3 WHERE k = 1");
    }
    session.batch(&counters, vec![(); 5]).await?;
    let (rows,) = session
        .query_unpaged("SELECT count(*) FROM drivers_rust.batched", &[])
        .await?
        .into_rows_result()?
        .single_row::<(i64,)>()?;
    let (n,) = session
        .query_unpaged("SELECT n FROM drivers_rust.counted WHERE k = 1", &[])
        .await?
        .into_rows_result()?
        .single_row::<(scylla::value::Counter,)>()?;
    if rows == 40 && n.0 == 15 {
        Ok(())
    } else {
        Err(format!("{rows} rows, counter {}", n.0).into())
    }
}

async fn concurrent(session: &Session) -> Outcome {
    run_all(
        session,
        &[
            "DROP TABLE IF EXISTS drivers_rust.concurrent",
            "CREATE TABLE drivers_rust.concurrent (k int PRIMARY KEY, v int)",
        ],
    )
    .await?;
    let insert = session
        .prepare("INSERT INTO drivers_rust.concurrent (k, v) VALUES (?, ?)")
        .await?;
    let select = session
        .prepare("SELECT v FROM drivers_rust.concurrent WHERE k = ?")
        .await?;
    stream::iter((0..10_000).map(Ok::<i32, Box<dyn Error + Send + Sync>>))
        .try_for_each_concurrent(1_000, |i| {
            let (insert, select) = (&insert, &select);
            async move {
                session.execute_unpaged(insert, (i, i * 2)).await?;
                let (v,) = session
                    .execute_unpaged(select, (i,))
                    .await?
                    .into_rows_result()?
                    .single_row::<(i32,)>()?;
                if v == i * 2 {
                    Ok(())
                } else {
                    Err(format!("key {i} holds {v}").into())
                }
            }
        })
        .await
}

async fn schema(session: &Session) -> Outcome {
    run_all(session, &[
        "DROP TABLE IF EXISTS drivers_rust.described",
        "CREATE TABLE drivers_rust.described (a int, b int, c text, s int static, PRIMARY KEY ((a), b)) WITH CLUSTERING ORDER BY (b DESC)",
        "ALTER TABLE drivers_rust.described ADD d list<int>",
    ])
    .await?;
    session.await_schema_agreement().await?;
    session.refresh_metadata().await?;
    let state = session.get_cluster_state();
    let keyspace = state.get_keyspace(KEYSPACE).ok_or("no keyspace in the metadata")?;
    let table = keyspace.tables.get("described").ok_or("no table in the metadata")?;
    if table.columns.len() == 5 && table.partition_key == ["a"] && table.clustering_key == ["b"] {
        Ok(())
    } else {
        Err(format!("{table:?}").into())
    }
}

async fn error_codes(session: &Session) -> Outcome {
    let error = session
        .query_unpaged("SELECT * FROM drivers_rust.nowhere", &[])
        .await
        .err()
        .ok_or("no error")?;
    match error {
        ExecutionError::LastAttemptError(RequestAttemptError::DbError(DbError::Invalid, _)) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

/// Requests that a shard took from connections that live on it, by the counter of that name in /metrics.
async fn metric(name: &str) -> Result<f64, Box<dyn Error + Send + Sync>> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket =
        tokio::net::TcpStream::connect(format!("{}:{}", variable("CQL_HOST"), variable("CQL_WEB_PORT"))).await?;
    socket.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await?;
    let mut page = String::new();
    socket.read_to_string(&mut page).await?;
    let total = page
        .lines()
        .filter(|line| line.starts_with(name))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum();
    Ok(total)
}

async fn shard_aware(session: &Session) -> Outcome {
    let insert = session
        .prepare("INSERT INTO drivers_rust.concurrent (k, v) VALUES (?, ?)")
        .await?;
    let (local, hopped) = (
        "ferrosa_shard_local_requests_total",
        "ferrosa_shard_forwarded_requests_total",
    );
    let before = (metric(local).await?, metric(hopped).await?);
    for i in 0..2_000 {
        session.execute_unpaged(&insert, (i, i)).await?;
    }
    let after = (metric(local).await?, metric(hopped).await?);
    let (served, forwarded) = (after.0 - before.0, after.1 - before.1);
    if served >= 2_000.0 && forwarded < 20.0 {
        Ok(())
    } else {
        Err(format!("{served} requests were served by the shard of their connection, {forwarded} by another").into())
    }
}

async fn restart(session: &Session, command: String) -> Outcome {
    let insert = session
        .prepare("INSERT INTO drivers_rust.kv (k, v) VALUES (?, ?)")
        .await?;
    session.execute_unpaged(&insert, ("before", "restart")).await?;
    let status = tokio::process::Command::new("sh")
        .arg("-c")
        .arg(command)
        .status()
        .await?;
    if !status.success() {
        return Err("the restart command failed".into());
    }
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let attempt = session
            .query_unpaged("SELECT v FROM drivers_rust.kv WHERE k = 'before'", &[])
            .await;
        match attempt {
            Ok(result) => {
                let (v,) = result.into_rows_result()?.single_row::<(String,)>()?;
                session.execute_unpaged(&insert, ("after", "restart")).await?;
                return if v == "restart" { Ok(()) } else { Err(v.into()) };
            }
            Err(error) if tokio::time::Instant::now() > deadline => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

#[tokio::main]
async fn main() {
    let mut report = Report::default();
    for (name, compression) in [
        ("none", None),
        ("lz4", Some(Compression::Lz4)),
        ("snappy", Some(Compression::Snappy)),
    ] {
        report
            .check(
                &format!("v4 with compression {name}: a session writes and reads"),
                round_trip(compression),
            )
            .await;
    }
    match connect(None).await {
        Err(error) => report.check("session", async { Err(error) }).await,
        Ok(session) => {
            let _ = session.use_keyspace(KEYSPACE, false).await;
            report
                .check("every type goes through prepared statements", types(&session))
                .await;
            report.check("null and unset differ", unset(&session)).await;
            report.check("100,000 rows come in pages", paging(&session)).await;
            report
                .check("batches: logged, unlogged, counter", batches(&session))
                .await;
            report
                .check("10,000 concurrent requests are answered", concurrent(&session))
                .await;
            report.check("schema metadata follows DDL", schema(&session)).await;
            report.check("an error has its code", error_codes(&session)).await;
            if !variable("CQL_WEB_PORT").is_empty() {
                report
                    .check("requests land on the shard that owns them", shard_aware(&session))
                    .await;
            }
            if !variable("RESTART_COMMAND").is_empty() {
                report
                    .check(
                        "the session survives a restart of the server",
                        restart(&session, variable("RESTART_COMMAND")),
                    )
                    .await;
            }
        }
    }
    println!("{} passed, {} failed", report.passed, report.failed);
    std::process::exit(i32::from(report.failed > 0 || report.passed == 0));
}
