package vets;

import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.data.cassandra.repository.config.EnableCassandraRepositories;
import org.springframework.data.cassandra.repository.config.EnableReactiveCassandraRepositories;

/** The application of Spring's guide to data in Cassandra. */
@SpringBootApplication
@EnableCassandraRepositories
@EnableReactiveCassandraRepositories
public class VetsApplication {}
