package vets;

import java.util.UUID;
import org.springframework.data.cassandra.repository.ReactiveCassandraRepository;
import reactor.core.publisher.Flux;

/** The same table without waiting. */
public interface ReactiveVetRepository extends ReactiveCassandraRepository<Vet, UUID> {
  Flux<Vet> findByFirstName(String firstName);
}
