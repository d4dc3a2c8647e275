import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;

/** The configuration of the documentation for a development server: the plugin makes its keyspaces and tables itself. */
final class Settings {
  private Settings() {}

  static Config of(String name) {
    String server = System.getenv("CQL_HOST") + ":" + System.getenv("CQL_PORT");
    return ConfigFactory.parseString(
            """
            pekko.loglevel = WARNING
            pekko.test.timefactor = 10
            pekko.actor.allow-java-serialization = on
            pekko.actor.warn-about-java-serializer-usage = off
            pekko.persistence.journal.plugin = "pekko.persistence.cassandra.journal"
            pekko.persistence.snapshot-store.plugin = "pekko.persistence.cassandra.snapshot"
            pekko.persistence.cassandra.journal.keyspace = "%1$s"
            pekko.persistence.cassandra.journal.keyspace-autocreate = true
            pekko.persistence.cassandra.journal.tables-autocreate = true
            pekko.persistence.cassandra.snapshot.keyspace = "%1$s_snapshot"
            pekko.persistence.cassandra.snapshot.keyspace-autocreate = true
            pekko.persistence.cassandra.snapshot.tables-autocreate = true
            pekko.persistence.cassandra.journal.circuit-breaker.call-timeout = 60s
            pekko.persistence.cassandra.snapshot.circuit-breaker.call-timeout = 60s
            pekko.persistence.cassandra.events-by-tag.first-time-bucket = "20200101T00:00"
            datastax-java-driver.basic.contact-points = ["%2$s"]
            datastax-java-driver.basic.load-balancing-policy.local-datacenter = "datacenter1"
            datastax-java-driver.basic.request.timeout = 30 seconds
            datastax-java-driver.advanced.connection.init-query-timeout = 30 seconds
            """
                .formatted(name, server))
        .withFallback(ConfigFactory.load());
  }
}
