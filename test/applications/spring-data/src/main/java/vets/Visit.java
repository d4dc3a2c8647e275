package vets;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.springframework.data.annotation.Version;
import org.springframework.data.cassandra.core.mapping.Frozen;
import org.springframework.data.cassandra.core.mapping.PrimaryKey;
import org.springframework.data.cassandra.core.mapping.Table;

/** With a version: every save is a conditional update. */
@Table
public record Visit(
    @PrimaryKey VisitKey key,
    @Version Long version,
    String reason,
    BigDecimal price,
    List<String> notes,
    Map<String, Integer> measures,
    @Frozen Address where) {}
