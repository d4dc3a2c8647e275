"""LangChain's own suites for vector stores, key-value stores and caches, on what LangChain has for Cassandra."""

import os
from uuid import uuid4

import pytest
from cassandra.cluster import Cluster
from langchain_community.cache import CassandraCache, CassandraSemanticCache
from langchain_community.chat_message_histories import CassandraChatMessageHistory
from langchain_community.storage.cassandra import CassandraByteStore
from langchain_community.vectorstores import Cassandra
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.outputs import Generation
from langchain_tests.integration_tests import (
    BaseStoreAsyncTests,
    BaseStoreSyncTests,
    SyncCacheTestSuite,
    VectorStoreIntegrationTests,
)

keyspace = "langchain"


@pytest.fixture(scope="session")
def session():
    cluster = Cluster(
        [os.environ["CQL_HOST"]], port=int(os.environ["CQL_PORT"]), connect_timeout=60, control_connection_timeout=60
    )
    session = cluster.connect()
    # A busy machine is no fault of the application.
    session.default_timeout = 120
    session.execute(
        f"CREATE KEYSPACE IF NOT EXISTS {keyspace} "
        "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"
    )
    yield session
    cluster.shutdown()


@pytest.fixture
def table():
    return f"t_{uuid4().hex[:12]}"


class TestVectorStore(VectorStoreIntegrationTests):
    @property
    def has_get_by_ids(self):
        # LangChain's store for Cassandra calls it get_by_document_id.
        return False

    @pytest.fixture
    def vectorstore(self, session, table):
        store = Cassandra(self.get_embeddings(), session, keyspace, table)
        yield store
        store.delete_collection()


class TestByteStore(BaseStoreSyncTests[bytes]):
    @pytest.fixture
    def three_values(self):
        return b"foo", b"bar", b"buzz"

    @pytest.fixture
    def kv_store(self, session, table):
        return CassandraByteStore(table, session=session, keyspace=keyspace)


class TestByteStoreAsync(BaseStoreAsyncTests[bytes]):
    @pytest.fixture
    def three_values(self):
        return b"foo", b"bar", b"buzz"

    @pytest.fixture
    def kv_store(self, session, table):
        return CassandraByteStore(table, session=session, keyspace=keyspace)


class TestCache(SyncCacheTestSuite):
    @pytest.fixture
    def cache(self, session, table):
        return CassandraCache(session=session, keyspace=keyspace, table_name=table)


embeddings = VectorStoreIntegrationTests.get_embeddings()
animals = ["a black cat", "a brown dog", "a grey mouse", "a white dove", "a red fox"]


@pytest.fixture
def zoo(session, table):
    return Cassandra.from_texts(
        animals,
        embeddings,
        [{"number": number, "even": number % 2 == 0} for number in range(len(animals))],
        session=session,
        keyspace=keyspace,
        table_name=table,
    )


def test_the_text_that_was_asked_for_is_the_nearest(zoo):
    for animal in animals:
        (document, score), *_ = zoo.similarity_search_with_score(animal, k=3)
        assert document.page_content == animal
        assert score == pytest.approx(1)


def test_a_filter_on_metadata_goes_with_the_search(zoo):
    found = zoo.similarity_search("a brown dog", k=5, filter={"even": True})
    assert sorted(document.page_content for document in found) == ["a black cat", "a grey mouse", "a red fox"]


def test_maximal_marginal_relevance_begins_with_the_nearest(zoo):
    found = zoo.max_marginal_relevance_search("a white dove", k=3, fetch_k=5)
    assert found[0].page_content == "a white dove"
    assert len({document.page_content for document in found}) == 3


def test_documents_are_deleted_by_their_metadata(zoo):
    assert zoo.delete_by_metadata_filter({"number": 2}) == 1
    assert "a grey mouse" not in [document.page_content for document in zoo.similarity_search("a grey mouse", k=5)]


def test_metadata_is_replaced(session, table):
    store = Cassandra(embeddings, session, keyspace, table)
    store.add_documents([Document(page_content="a cat", metadata={"colour": "black"}, id="cat")])
    store.replace_metadata({"cat": {"colour": "white"}})
    assert store.get_by_document_id("cat").metadata == {"colour": "white"}
    assert store.metadata_search({"colour": "black"}) == []


def test_a_chat_is_remembered_in_order(session, table):
    history = CassandraChatMessageHistory("chat-1", session, keyspace, table)
    other = CassandraChatMessageHistory("chat-2", session, keyspace, table)
    messages = [HumanMessage("Hello"), AIMessage("Hello, how can I help?"), HumanMessage("Tell me a story")]
    history.add_messages(messages)
    other.add_user_message("Somebody else")
    assert [(message.type, message.content) for message in history.messages] == [
        (message.type, message.content) for message in messages
    ]
    history.clear()
    assert history.messages == []
    assert len(other.messages) == 1


def test_the_semantic_cache_answers_a_prompt_that_is_near(session, table):
    cache = CassandraSemanticCache(session, keyspace, embeddings, table, score_threshold=0.9)
    cache.update("What is a cat?", "model", [Generation(text="An animal")])
    assert cache.lookup("What is a cat?", "model") == [Generation(text="An animal")]
    assert cache.lookup("What is a cat?", "another model") is None
