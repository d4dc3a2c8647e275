package vets;

import java.util.Set;
import java.util.UUID;
import org.springframework.data.cassandra.core.mapping.Indexed;
import org.springframework.data.cassandra.core.mapping.PrimaryKey;
import org.springframework.data.cassandra.core.mapping.Table;

/** A row with a set and an index. */
@Table
public record Vet(@PrimaryKey UUID id, @Indexed String firstName, String lastName, Set<String> specialties) {}
