"""The guide of Django Cassandra Engine: models, their queries, sessions, commands and raw statements."""

import datetime
import decimal
import io
import os

import pytest

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django  # noqa: E402

django.setup()

from cassandra.cqlengine.query import BatchQuery, LWTException  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from shop.models import Address, Item, Reading, Visits  # noqa: E402

noon = datetime.datetime(2020, 1, 1, 12)


@pytest.fixture(scope="session", autouse=True)
def synced():
    call_command("sync_cassandra", stdout=io.StringIO())
    yield
    connection.close()


@pytest.fixture(autouse=True)
def empty(synced):
    call_command("flush", interactive=False, stdout=io.StringIO())


def test_the_tables_of_the_models_are_there_and_are_left_alone_the_second_time():
    call_command("sync_cassandra", stdout=io.StringIO())
    tables = connection.introspection.table_names()
    assert {"item", "reading", "visits", "session"} <= {name.split("_")[-1] for name in tables}


def test_a_model_is_created_found_changed_and_deleted():
    item = Item.objects.create(
        example_type=1,
        created_at=noon,
        description="A chair",
        price=decimal.Decimal("12.50"),
        tags={"wood", "oak"},
        stock={"london": 3},
        origin=Address(street="Main", city="London"),
    )
    found = Item.objects.get(example_id=item.example_id)
    assert (found.description, found.price, found.tags) == ("A chair", decimal.Decimal("12.50"), {"wood", "oak"})
    assert found.created_at == noon
    assert found.origin.city == "London"
    found.tags.add("red")
    found.stock["paris"] = 1
    found.save()
    again = Item.objects.get(example_id=item.example_id)
    assert again.tags == {"wood", "oak", "red"}
    assert again.stock == {"london": 3, "paris": 1}
    again.delete()
    with pytest.raises(Item.DoesNotExist):
        Item.objects.get(example_id=item.example_id)


def test_rows_are_found_by_an_index():
    for number in range(20):
        Item.objects.create(example_type=number % 2, description=f"Item {number}")
    assert Item.objects.filter(example_type=1).count() == 10
    assert {item.example_type for item in Item.objects.filter(example_type=0)} == {0}


def test_a_partition_is_read_in_its_order_and_by_ranges():
    for minute in range(250):
        Reading.objects.create(sensor="a", at=noon + datetime.timedelta(minutes=minute), value=minute)
    readings = list(Reading.objects.filter(sensor="a").limit(None))
    assert [reading.value for reading in readings] == list(reversed(range(250)))
    some = Reading.objects.filter(
        sensor="a", at__gte=noon + datetime.timedelta(minutes=10), at__lt=noon + datetime.timedelta(minutes=20)
    )
    assert [reading.value for reading in some.order_by("at")] == list(range(10, 20))


def test_conditions_are_kept():
    Item.objects.if_not_exists().create(example_id="0f0e0d0c-0b0a-4908-8706-050403020100", description="first")
    with pytest.raises(LWTException):
        Item.objects.if_not_exists().create(example_id="0f0e0d0c-0b0a-4908-8706-050403020100", description="second")
    item = Item.objects.get(example_id="0f0e0d0c-0b0a-4908-8706-050403020100")
    with pytest.raises(LWTException):
        item.iff(description="second").update(description="third")
    item.iff(description="first").update(description="third")
    assert Item.objects.get(example_id=item.example_id).description == "third"


def test_a_batch_is_one_write():
    with BatchQuery() as batch:
        for number in range(5):
            Item.objects.batch(batch).create(example_type=7, description=str(number))
        assert Item.objects.filter(example_type=7).count() == 0
    assert Item.objects.filter(example_type=7).count() == 5


def test_counters_count():
    for step in (1, 5, -2):
        visits = Visits(page="/")
        visits.count += step
        visits.save()
    assert Visits.objects.get(page="/").count == 4


def test_times_to_live_and_timestamps_go_with_a_write():
    Item.objects.ttl(1000).create(example_id="0f0e0d0c-0b0a-4908-8706-050403020101", description="short")
    rows = connection.cursor().execute("SELECT ttl(description) AS ttl FROM item")
    assert 0 < rows[0]["ttl"] <= 1000


def test_sessions_are_kept_in_the_database():
    client = Client()
    assert [client.get("/count/").json()["seen"] for _ in range(3)] == [1, 2, 3]
    assert Client().get("/count/").json()["seen"] == 1
    client.session.flush()
    assert client.get("/count/").json()["seen"] == 1


def test_raw_statements_are_run():
    Item.objects.create(example_type=1, description="raw")
    rows = connection.cursor().execute("SELECT COUNT(*) FROM item")
    assert rows[0]["count"] == 1


def test_flush_empties_the_tables():
    Item.objects.create(example_type=1)
    call_command("flush", interactive=False, stdout=io.StringIO())
    assert Item.objects.count() == 0
