package vets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.datastax.oss.driver.api.core.CqlSession;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.data.cassandra.core.CassandraTemplate;
import org.springframework.data.cassandra.core.InsertOptions;
import org.springframework.data.cassandra.core.query.CassandraPageRequest;
import org.springframework.data.cassandra.core.query.Criteria;
import org.springframework.data.cassandra.core.query.Query;
import org.springframework.data.cassandra.core.query.Update;
import org.springframework.data.domain.Slice;
import reactor.core.publisher.Flux;

@SpringBootTest
class VetsTest {
  @Autowired VetRepository vets;
  @Autowired ReactiveVetRepository reactiveVets;
  @Autowired VisitRepository visits;
  @Autowired CassandraTemplate template;

  static final Vet ada = new Vet(UUID.randomUUID(), "Ada", "Lovelace", Set.of("surgery", "dogs"));
  static final Vet alan = new Vet(UUID.randomUUID(), "Alan", "Turing", Set.of("cats"));
  static final Instant noon = Instant.parse("2020-01-01T12:00:00Z");

  @BeforeAll
  static void keyspace() {
    var server = new InetSocketAddress(System.getenv("CQL_HOST"), Integer.parseInt(System.getenv("CQL_PORT")));
    try (var session =
        CqlSession.builder().addContactPoint(server).withLocalDatacenter("datacenter1").build()) {
      session.execute(
          "CREATE KEYSPACE IF NOT EXISTS spring_vets"
              + " WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
    }
  }

  @BeforeEach
  void empty() {
    vets.deleteAll();
    visits.deleteAll();
  }

  static Visit visit(int minute) {
    return new Visit(
        new VisitKey("Rex", noon.plusSeconds(60L * minute)),
        null,
        "visit " + minute,
        new BigDecimal("12.50"),
        List.of("a", "b"),
        Map.of("weight", 30 + minute),
        new Address("Main", "London"));
  }

  @Test
  void aRowIsSavedAndFoundByItsIndex() {
    vets.saveAll(List.of(ada, alan));
    assertThat(vets.findByFirstName("Ada")).isEqualTo(ada);
    assertThat(vets.findAll()).containsExactlyInAnyOrder(ada, alan);
    assertThat(vets.count()).isEqualTo(2);
    assertThat(vets.existsById(alan.id())).isTrue();
  }

  @Test
  void statementsAreMadeOfNamesAndGiven() {
    vets.saveAll(List.of(ada, alan));
    assertThat(vets.findByLastNameAndSpecialtiesContaining("Lovelace", "dogs")).containsExactly(ada);
    assertThat(vets.findByLastNameAndSpecialtiesContaining("Lovelace", "cats")).isEmpty();
    assertThat(vets.howMany("Turing")).isEqualTo(1);
  }

  @Test
  void aVersionedRowIsNotOverwrittenByAnOldOne() {
    var saved = visits.save(visit(1));
    assertThat(visits.findById(saved.key())).contains(saved);
    var changed =
        visits.save(
            new Visit(saved.key(), saved.version(), "changed", saved.price(), List.of(), Map.of(), saved.where()));
    assertThat(changed.version()).isGreaterThan(saved.version());
    assertThatThrownBy(() -> visits.save(saved)).isInstanceOf(OptimisticLockingFailureException.class);
  }

  @Test
  void slicesGoThroughAPartitionNewestFirst() {
    visits.saveAll(IntStream.range(0, 25).mapToObj(VetsTest::visit).toList());
    var seen = new ArrayList<String>();
    Slice<Visit> slice = visits.findByKeyPet("Rex", CassandraPageRequest.first(10));
    for (; ; slice = visits.findByKeyPet("Rex", slice.nextPageable())) {
      slice.forEach(visit -> seen.add(visit.reason()));
      if (!slice.hasNext()) break;
    }
    assertThat(seen).isEqualTo(IntStream.range(0, 25).mapToObj(i -> "visit " + (24 - i)).toList());
  }

  @Test
  void aRangeOfClusteringsIsRead() {
    visits.saveAll(IntStream.range(0, 10).mapToObj(VetsTest::visit).toList());
    var found = visits.findByKeyPetAndKeyAtBetween("Rex", noon.plusSeconds(100), noon.plusSeconds(400));
    assertThat(found).extracting(Visit::reason).containsExactly("visit 6", "visit 5", "visit 4", "visit 3", "visit 2");
  }

  @Test
  void theTemplateInsertsUnlessThereAndWithATimeToLive() {
    assertThat(template.insert(ada, InsertOptions.builder().withIfNotExists().build()).wasApplied()).isTrue();
    assertThat(template.insert(ada, InsertOptions.builder().withIfNotExists().build()).wasApplied()).isFalse();
    template.insert(alan, InsertOptions.builder().ttl(Duration.ofHours(1)).build());
    var ttl =
        template.getCqlOperations().queryForObject("SELECT ttl(lastname) FROM vet WHERE id = ?", Integer.class, alan.id());
    assertThat(ttl).isBetween(3000, 3600);
  }

  @Test
  void theTemplateUpdatesCollectionsInPlace() {
    vets.save(ada);
    var query = Query.query(Criteria.where("id").is(ada.id()));
    template.update(query, Update.empty().addTo("specialties").append("birds"), Vet.class);
    template.update(query, Update.empty().remove("specialties", "dogs"), Vet.class);
    assertThat(vets.findById(ada.id()).orElseThrow().specialties()).containsExactlyInAnyOrder("birds", "surgery");
  }

  @Test
  void aBatchIsOneWrite() {
    template.batchOps().insert(List.of(ada, alan)).withTimestamp(1_000_000).execute();
    assertThat(vets.count()).isEqualTo(2);
    template.batchOps().delete(ada).execute();
    assertThat(vets.findAll()).containsExactly(alan);
  }

  @Test
  void theReactiveRepositoryStreamsManyPages() {
    var many = IntStream.range(0, 6000).mapToObj(i -> new Vet(UUID.randomUUID(), "V" + i, "Many", Set.of()));
    var saved = reactiveVets.saveAll(Flux.fromStream(many)).count().block(Duration.ofMinutes(2));
    assertThat(saved).isEqualTo(6000);
    assertThat(reactiveVets.findAll().count().block(Duration.ofMinutes(2))).isEqualTo(6000);
    assertThat(reactiveVets.findByFirstName("V5999").map(Vet::lastName).blockFirst()).isEqualTo("Many");
    template.truncate(Vet.class);
  }
}
