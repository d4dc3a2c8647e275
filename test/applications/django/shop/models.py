import uuid

from cassandra.cqlengine import columns
from cassandra.cqlengine.usertype import UserType
from django_cassandra_engine.models import DjangoCassandraModel


class Address(UserType):
    street = columns.Text()
    city = columns.Text()


class Item(DjangoCassandraModel):
    example_id = columns.UUID(primary_key=True, default=uuid.uuid4)
    example_type = columns.Integer(index=True)
    created_at = columns.DateTime()
    description = columns.Text(required=False)
    price = columns.Decimal()
    tags = columns.Set(columns.Text())
    stock = columns.Map(columns.Text(), columns.Integer())
    origin = columns.UserDefinedType(Address)

    class Meta:
        get_pk_field = "example_id"


class Reading(DjangoCassandraModel):
    sensor = columns.Text(partition_key=True)
    at = columns.DateTime(primary_key=True, clustering_order="DESC")
    value = columns.Double()

    class Meta:
        get_pk_field = "sensor"


class Visits(DjangoCassandraModel):
    page = columns.Text(primary_key=True)
    count = columns.Counter()
