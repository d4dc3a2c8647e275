package vets;

import java.time.Instant;
import java.util.List;
import org.springframework.data.cassandra.repository.CassandraRepository;
import org.springframework.data.domain.Pageable;
import org.springframework.data.domain.Slice;

/** Slices and ranges of a partition. */
public interface VisitRepository extends CassandraRepository<Visit, VisitKey> {
  Slice<Visit> findByKeyPet(String pet, Pageable page);

  List<Visit> findByKeyPetAndKeyAtBetween(String pet, Instant from, Instant to);
}
