"""A worker runs tasks; what came of them is read from Cassandra."""

import os
import subprocess
import sys
import time

import pytest
from cassandra.cluster import Cluster
from celery import chain, chord, group

timeout = 120


@pytest.fixture(scope="session")
def session():
    cluster = Cluster(
        [os.environ["CQL_HOST"]], port=int(os.environ["CQL_PORT"]), connect_timeout=60, control_connection_timeout=60
    )
    session = cluster.connect()
    session.execute(
        "CREATE KEYSPACE IF NOT EXISTS celery WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"
    )
    yield session
    cluster.shutdown()


@pytest.fixture(scope="session")
def tasks(session, tmp_path_factory):
    folder = tmp_path_factory.mktemp("celery")
    for name in ("queue", "control", "processed"):
        (folder / name).mkdir()
    os.environ["QUEUE_FOLDER"] = str(folder)
    import tasks

    options = ["-A", "tasks", "worker", "--concurrency=2", "--loglevel=WARNING", "--without-gossip", "--without-mingle"]
    worker = subprocess.Popen([sys.executable, "-m", "celery", *options], env=os.environ.copy())
    try:
        wait_for_table(session, worker, tasks)
        yield tasks
    finally:
        worker.terminate()
        worker.wait()


def wait_for_table(session, worker, tasks):
    """Only a worker makes the table of results, with its first result; who asks before gets an error."""
    tasks.add.delay(0, 0)
    deadline = time.monotonic() + timeout
    query = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'celery' AND table_name = 'tasks'"
    while session.execute(query).one() is None:
        assert worker.poll() is None, "the worker ended"
        assert time.monotonic() < deadline, "the worker made no table"
        time.sleep(0.2)


def test_the_result_of_a_task_is_got(tasks):
    assert tasks.add.delay(4, 4).get(timeout=timeout) == 8


def test_a_result_is_read_again_by_its_id_alone(tasks):
    from celery.result import AsyncResult

    task_id = tasks.add.delay(1, 2).id
    result = AsyncResult(task_id, app=tasks.app)
    assert result.get(timeout=timeout) == 3
    assert result.state == "SUCCESS"
    assert result.date_done is not None


def test_a_failure_comes_with_its_traceback(tasks):
    result = tasks.fail.delay("on purpose")
    with pytest.raises(ValueError, match="on purpose"):
        result.get(timeout=timeout)
    assert result.state == "FAILURE"
    assert "raise ValueError(message)" in result.traceback


def test_a_task_is_tried_again_until_it_succeeds(tasks):
    assert tasks.third_time_lucky.delay().get(timeout=timeout) == 2


def test_the_newest_state_of_a_task_is_its_state(tasks, session):
    result = tasks.progress.delay()
    assert result.get(timeout=timeout) == "done"
    rows = session.execute("SELECT status FROM celery.tasks WHERE task_id = %s", [result.id]).all()
    assert rows[0].status == "SUCCESS"
    assert "PROGRESS" in [row.status for row in rows]


def test_a_chain_hands_results_on(tasks):
    assert chain(tasks.add.s(2, 2), tasks.add.s(4), tasks.add.s(8))().get(timeout=timeout) == 16


def test_a_group_gives_all_results_in_order(tasks):
    result = group(tasks.add.s(number, number) for number in range(10))()
    assert result.get(timeout=timeout) == [2 * number for number in range(10)]


def test_a_chord_waits_for_its_group(tasks):
    assert chord((tasks.add.s(number, number) for number in range(10)), tasks.total.s()).delay().get(timeout=timeout) == 90


def test_a_big_result_is_kept_whole(tasks):
    assert len(tasks.big.delay(1_000_000).get(timeout=timeout)) == 1_000_000


def test_a_forgotten_result_is_pending(tasks):
    result = tasks.add.delay(1, 1)
    result.get(timeout=timeout)
    result.forget()
    assert tasks.app.AsyncResult(result.id).state == "PENDING"


def test_results_expire(tasks, session):
    result = tasks.add.delay(1, 1)
    result.get(timeout=timeout)
    ttl = session.execute("SELECT ttl(status) AS ttl FROM celery.tasks WHERE task_id = %s", [result.id]).one().ttl
    assert 0 < ttl <= 86400
