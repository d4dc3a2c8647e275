package vets;

import java.util.List;
import java.util.UUID;
import org.springframework.data.cassandra.repository.AllowFiltering;
import org.springframework.data.cassandra.repository.CassandraRepository;
import org.springframework.data.cassandra.repository.Query;

/** Statements made of the names of methods, and one that is given. */
public interface VetRepository extends CassandraRepository<Vet, UUID> {
  Vet findByFirstName(String firstName);

  @AllowFiltering
  List<Vet> findByLastNameAndSpecialtiesContaining(String lastName, String specialty);

  @Query("SELECT count(*) FROM vet WHERE lastname = ?0 ALLOW FILTERING")
  long howMany(String lastName);
}
