package vets;

import org.springframework.data.cassandra.core.mapping.UserDefinedType;

/** A type of the keyspace. */
@UserDefinedType
public record Address(String street, String city) {}
