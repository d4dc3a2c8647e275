import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.BatchStatementBuilder;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.DefaultBatchType;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.data.CqlDuration;
import com.datastax.oss.driver.api.core.data.CqlVector;
import com.datastax.oss.driver.api.core.metadata.schema.TableMetadata;
import com.datastax.oss.driver.api.core.servererrors.AlreadyExistsException;
import com.datastax.oss.driver.api.core.servererrors.InvalidQueryException;
import com.datastax.oss.driver.api.core.servererrors.SyntaxError;
import com.datastax.oss.driver.api.core.uuid.Uuids;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;

/** The Java driver 4, unmodified, against a server at CQL_HOST:CQL_PORT: prints a line a check and "N passed, N failed". */
public final class DriverTest {
  private static final String KEYSPACE = "drivers_java";
  private static int passed;
  private static int failed;

  private interface Check {
    void run() throws Exception;
  }

  private static void check(String name, Check check) {
    try {
      check.run();
      passed++;
      System.out.println("ok - " + name);
    } catch (Throwable e) {
      failed++;
      System.out.println("not ok - " + name + ": " + e);
    }
  }

  private static void same(Object expected, Object actual) {
    if (!expected.equals(actual)) throw new AssertionError("expected " + expected + ", got " + actual);
  }

  private static CqlSession connect(String protocol, String compression) {
    var config = DriverConfigLoader.programmaticBuilder()
        .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(20))
        .withDuration(DefaultDriverOption.RECONNECTION_BASE_DELAY, Duration.ofMillis(200))
        .withDuration(DefaultDriverOption.RECONNECTION_MAX_DELAY, Duration.ofSeconds(1));
    if (protocol != null) config.withString(DefaultDriverOption.PROTOCOL_VERSION, protocol);
    if (compression != null) config.withString(DefaultDriverOption.PROTOCOL_COMPRESSION, compression);
    return CqlSession.builder()
        .addContactPoint(new InetSocketAddress(System.getenv("CQL_HOST"), Integer.parseInt(System.getenv("CQL_PORT"))))
        .withLocalDatacenter("datacenter1")
        .withConfigLoader(config.build())
        .build();
  }

  public static void main(String[] args) {
    for (String protocol : new String[] {null, "V3", "V4", "V5"}) {
      for (String compression : new String[] {null, "lz4", "snappy"}) {
        if ("snappy".equals(compression) && (protocol == null || protocol.equals("V5"))) continue; // v5 has no Snappy
        check((protocol == null ? "default protocol" : protocol) + " with compression " + compression + ": a session writes and reads",
            () -> roundTrip(protocol, compression));
      }
    }
    try (CqlSession session = connect(null, null)) {
      check("protocol v5 is chosen", () -> same("V5", session.getContext().getProtocolVersion().name()));
      check("every type goes through prepared statements", () -> types(session));
      check("null and unset differ", () -> unset(session));
      check("100,000 rows come in pages", () -> paging(session));
      check("batches: logged, unlogged, counter", () -> batches(session));
      check("10,000 concurrent requests are answered", () -> concurrent(session));
      check("schema metadata follows DDL", () -> schema(session));
      check("a prepared SELECT * sees a column that was added after it", () -> alter(session));
      check("an error has its code", () -> errors(session));
      String restart = System.getenv("RESTART_COMMAND");
      if (restart != null && !restart.isEmpty()) {
        check("the session survives a restart of the server", () -> restart(session, restart));
      }
    } catch (Throwable e) {
      check("session", () -> { throw new AssertionError(e); });
    }
    System.out.println(passed + " passed, " + failed + " failed");
    System.exit(failed > 0 || passed == 0 ? 1 : 0);
  }

  private static void roundTrip(String protocol, String compression) {
    try (CqlSession session = connect(protocol, compression)) {
      session.execute("CREATE KEYSPACE IF NOT EXISTS " + KEYSPACE + " WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
      session.execute("CREATE TABLE IF NOT EXISTS " + KEYSPACE + ".kv (k text PRIMARY KEY, v text)");
      PreparedStatement insert = session.prepare("INSERT INTO " + KEYSPACE + ".kv (k, v) VALUES (?, ?)");
      PreparedStatement select = session.prepare("SELECT v FROM " + KEYSPACE + ".kv WHERE k = ?");
      for (var entry : Map.of("small", "value", "large", "ferrosa ".repeat(40_000), "empty", "").entrySet()) {
        session.execute(insert.bind(entry.getKey(), entry.getValue()));
        same(entry.getValue(), session.execute(select.bind(entry.getKey())).one().getString(0));
      }
    }
  }

  private static void types(CqlSession session) throws Exception {
    session.execute("CREATE TYPE IF NOT EXISTS " + KEYSPACE + ".address (street text, number int)");
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("ascii", "plain");
    values.put("bigint", -(1L << 62));
    values.put("blob", ByteBuffer.wrap(new byte[] {0, 1, -1}));
    values.put("boolean", true);
    values.put("date", LocalDate.of(2026, 3, 18));
    values.put("decimal", new BigDecimal("-12345.6789"));
    values.put("double", 1.5e300);
    values.put("float", -0.25f);
    values.put("inet", InetAddress.getByName("2001:db8::1"));
    values.put("int", -7);
    values.put("smallint", (short) -300);
    values.put("text", "zażółć ✓");
    values.put("time", LocalTime.ofNanoOfDay(45_296_000_000_789L));
    values.put("timestamp", Instant.ofEpochMilli(1_700_000_000_123L));
    values.put("timeuuid", Uuids.timeBased());
    values.put("tinyint", (byte) -5);
    values.put("uuid", UUID.randomUUID());
    values.put("varint", new BigInteger("-170141183460469231731687303715884105729"));
    values.put("duration", CqlDuration.newInstance(1, 2, 3));
    values.put("list<int>", List.of(3, 1, 2));
    values.put("set<text>", Set.of("a", "b"));
    values.put("map<text, bigint>", Map.of("x", 1L, "y", 2L));
    values.put("frozen<list<frozen<list<int>>>>", List.of(List.of(1, 2), List.of(3)));
    values.put("vector<float, 3>", CqlVector.newInstance(1f, 2.5f, -3f));
    int i = 0;
    for (var entry : values.entrySet()) {
      String table = KEYSPACE + ".type_" + i++;
      session.execute("DROP TABLE IF EXISTS " + table);
      session.execute("CREATE TABLE " + table + " (k int PRIMARY KEY, v " + entry.getKey() + ")");
      session.execute(session.prepare("INSERT INTO " + table + " (k, v) VALUES (?, ?)").bind(1, entry.getValue()));
      Row row = session.execute(session.prepare("SELECT v FROM " + table + " WHERE k = ?").bind(1)).one();
      same(entry.getValue(), row.getObject(0));
    }
    session.execute("DROP TABLE IF EXISTS " + KEYSPACE + ".type_udt");
    session.execute("CREATE TABLE " + KEYSPACE + ".type_udt (k int PRIMARY KEY, a " + KEYSPACE + ".address, t tuple<int, text>)");
    session.execute("INSERT INTO " + KEYSPACE + ".type_udt (k, a, t) VALUES (1, {street: 'High', number: 6}, (1, 'x'))");
    Row row = session.execute("SELECT a, t FROM " + KEYSPACE + ".type_udt WHERE k = 1").one();
    PreparedStatement insert = session.prepare("INSERT INTO " + KEYSPACE + ".type_udt (k, a, t) VALUES (?, ?, ?)");
    session.execute(insert.bind(2, row.getUdtValue(0), row.getTupleValue(1)));
    Row again = session.execute("SELECT a, t FROM " + KEYSPACE + ".type_udt WHERE k = 2").one();
    same(row.getUdtValue(0), again.getUdtValue(0));
    same(row.getTupleValue(1), again.getTupleValue(1));
  }

  private static void unset(CqlSession session) {
    session.execute("DROP TABLE IF EXISTS " + KEYSPACE + ".unset");
    session.execute("CREATE TABLE " + KEYSPACE + ".unset (k int PRIMARY KEY, a int, b int)");
    PreparedStatement insert = session.prepare("INSERT INTO " + KEYSPACE + ".unset (k, a, b) VALUES (?, ?, ?)");
    session.execute(insert.bind(1, 10, 20));
    session.execute(insert.boundStatementBuilder().setInt("k", 1).setToNull("b").build());
    Row row = session.execute("SELECT a, b FROM " + KEYSPACE + ".unset WHERE k = 1").one();
    same(10, row.getInt("a"));
    same(true, row.isNull("b"));
  }

  private static void paging(CqlSession session) {
    session.execute("DROP TABLE IF EXISTS " + KEYSPACE + ".pages");
    session.execute("CREATE TABLE " + KEYSPACE + ".pages (p int, c int, v text, PRIMARY KEY (p, c))");
    PreparedStatement insert = session.prepare("INSERT INTO " + KEYSPACE + ".pages (p, c, v) VALUES (?, ?, ?)");
    List<CompletionStage<?>> pending = new ArrayList<>();
    for (int p = 0; p < 100; p++) {
      for (int start = 0; start < 1000; start += 100) {
        BatchStatementBuilder batch = BatchStatement.builder(DefaultBatchType.UNLOGGED);
        for (int c = start; c < start + 100; c++) batch.addStatement(insert.bind(p, c, "row"));
        pending.add(session.executeAsync(batch.build()));
        if (pending.size() == 16) drain(pending);
      }
    }
    drain(pending);
    for (int size : new int[] {5000, 777}) {
      Set<Long> seen = new HashSet<>();
      for (Row row : session.execute(SimpleStatement.newInstance("SELECT p, c FROM " + KEYSPACE + ".pages").setPageSize(size))) {
        if (!seen.add(row.getInt(0) * 1_000_000L + row.getInt(1))) throw new AssertionError("a row came twice");
      }
      same(100_000, seen.size());
    }
  }

  private static void drain(List<CompletionStage<?>> pending) {
    for (var stage : pending) stage.toCompletableFuture().join();
    pending.clear();
  }

  private static void batches(CqlSession session) {
    for (String name : new String[] {"batched", "counted"}) session.execute("DROP TABLE IF EXISTS " + KEYSPACE + "." + name);
    session.execute("CREATE TABLE " + KEYSPACE + ".batched (p int, c int, PRIMARY KEY (p, c))");
    session.execute("CREATE TABLE " + KEYSPACE + ".counted (k int PRIMARY KEY, n counter)");
    PreparedStatement insert = session.prepare("INSERT INTO " + KEYSPACE + ".batched (p, c) VALUES (?, ?)");
    PreparedStatement count = session.prepare("UPDATE " + KEYSPACE + ".counted SET n = n + ? WHERE k = ?");
    for (DefaultBatchType type : new DefaultBatchType[] {DefaultBatchType.LOGGED, DefaultBatchType.UNLOGGED}) {
      BatchStatementBuilder batch = BatchStatement.builder(type);
      for (int i = 0; i < 20; i++) batch.addStatement(insert.bind(i % 4, i + 100 * type.ordinal()));
      session.execute(batch.build());
    }
    BatchStatementBuilder counters = BatchStatement.builder(DefaultBatchType.COUNTER);
    for (int i = 0; i < 5; i++) counters.addStatement(count.bind(3L, 1));
    session.execute(counters.build());
    same(40L, session.execute("SELECT count(*) FROM " + KEYSPACE + ".batched").one().getLong(0));
    same(15L, session.execute("SELECT n FROM " + KEYSPACE + ".counted WHERE k = 1").one().getLong(0));
  }

  private static void concurrent(CqlSession session) throws Exception {
    session.execute("DROP TABLE IF EXISTS " + KEYSPACE + ".concurrent");
    session.execute("CREATE TABLE " + KEYSPACE + ".concurrent (k int PRIMARY KEY, v int)");
    PreparedStatement insert = session.prepare("INSERT INTO " + KEYSPACE + ".concurrent (k, v) VALUES (?, ?)");
    PreparedStatement select = session.prepare("SELECT v FROM " + KEYSPACE + ".concurrent WHERE k = ?");
    Semaphore slots = new Semaphore(1_000);
    List<CompletionStage<?>> pending = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      int key = i;
      slots.acquire();
      BoundStatement read = select.bind(key);
      pending.add(session.executeAsync(insert.bind(key, key * 2)).thenCompose(done -> session.executeAsync(read))
          .thenAccept(result -> same(key * 2, result.one().getInt(0))).whenComplete((done, error) -> slots.release()));
    }
    drain(pending);
  }

  private static void schema(CqlSession session) throws Exception {
    session.execute("DROP TABLE IF EXISTS " + KEYSPACE + ".described");
    session.execute("CREATE TABLE " + KEYSPACE + ".described (a int, b int, c text, s int static, PRIMARY KEY ((a), b)) WITH CLUSTERING ORDER BY (b DESC)");
    session.execute("ALTER TABLE " + KEYSPACE + ".described ADD d list<int>");
    for (int tries = 0; tries < 100; tries++) {
      TableMetadata table = session.getMetadata().getKeyspace(KEYSPACE).flatMap(k -> k.getTable("described")).orElse(null);
      if (table != null && table.getColumn("d").isPresent()) {
        same(5, table.getColumns().size());
        same("DESC", table.getClusteringColumns().values().iterator().next().name());
        return;
      }
      Thread.sleep(100);
    }
    throw new AssertionError("the new column did not show up");
  }

  private static void alter(CqlSession session) {
    session.execute("DROP TABLE IF EXISTS " + KEYSPACE + ".altered");
    session.execute("CREATE TABLE " + KEYSPACE + ".altered (k int PRIMARY KEY, a int)");
    PreparedStatement select = session.prepare("SELECT * FROM " + KEYSPACE + ".altered WHERE k = ?");
    session.execute("INSERT INTO " + KEYSPACE + ".altered (k, a) VALUES (1, 2)");
    same(2, session.execute(select.bind(1)).one().getColumnDefinitions().size());
    session.execute("ALTER TABLE " + KEYSPACE + ".altered ADD b int");
    session.execute("INSERT INTO " + KEYSPACE + ".altered (k, a, b) VALUES (1, 2, 3)");
    same(3, session.execute(select.bind(1)).one().getInt("b"));
  }

  private static void errors(CqlSession session) {
    Map<String, Class<?>> cases = Map.of(
        "SELECT * FROM " + KEYSPACE + ".nowhere", InvalidQueryException.class,
        "SELEC 1", SyntaxError.class,
        "CREATE TABLE " + KEYSPACE + ".kv (k text PRIMARY KEY)", AlreadyExistsException.class);
    cases.forEach((statement, type) -> {
      try {
        session.execute(statement);
      } catch (RuntimeException e) {
        if (type.isInstance(e)) return;
        throw e;
      }
      throw new AssertionError("no error for " + statement);
    });
  }

  private static void restart(CqlSession session, String command) throws Exception {
    PreparedStatement insert = session.prepare("INSERT INTO " + KEYSPACE + ".kv (k, v) VALUES (?, ?)");
    session.execute(insert.bind("before", "restart"));
    same(0, new ProcessBuilder("sh", "-c", command).inheritIO().start().waitFor());
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (true) {
      try {
        Row row = session.execute("SELECT v FROM " + KEYSPACE + ".kv WHERE k = 'before'").one();
        same("restart", row.getString(0));
        session.execute(insert.bind("after", "restart"));
        return;
      } catch (RuntimeException e) {
        if (System.nanoTime() > deadline) throw e;
        Thread.sleep(200);
      }
    }
  }
}
