"""The application of Celery's first steps, with its results in Cassandra and a broker that is a folder."""

import os
import time

from celery import Celery

folder = os.environ["QUEUE_FOLDER"]

app = Celery("tasks", broker="filesystem://", backend="cassandra://")
app.conf.update(
    cassandra_servers=[os.environ["CQL_HOST"]],
    cassandra_port=int(os.environ["CQL_PORT"]),
    cassandra_keyspace="celery",
    cassandra_table="tasks",
    cassandra_entry_ttl=86400,
    cassandra_options={"connect_timeout": 30, "control_connection_timeout": 30},
    result_extended=True,
    task_track_started=True,
    broker_transport_options={
        "data_folder_in": os.path.join(folder, "queue"),
        "data_folder_out": os.path.join(folder, "queue"),
        "control_folder": os.path.join(folder, "control"),
        "processed_folder": os.path.join(folder, "processed"),
    },
)


@app.task
def add(x, y):
    return x + y


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def fail(message):
    raise ValueError(message)


@app.task(bind=True, max_retries=3, default_retry_delay=0)
def third_time_lucky(self):
    if self.request.retries < 2:
        raise self.retry(exc=RuntimeError("not yet"))
    return self.request.retries


@app.task(bind=True)
def progress(self):
    # Rows of states have their time, in milliseconds, as their key: the next one would take this one's place.
    time.sleep(0.01)
    self.update_state(state="PROGRESS", meta={"done": 50})
    time.sleep(0.01)
    return "done"


@app.task
def big(count):
    return "x" * count
