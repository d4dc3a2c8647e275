"""The example of LlamaIndex's documentation for Cassandra: an index of documents, questions, filters, deletion, MMR."""

import hashlib
import os
import re

import cassio
import pytest
from cassandra.cluster import Cluster
from llama_index.core import Document, MockEmbedding, Settings, StorageContext, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms.mock import MockLLM
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.vector_stores import ExactMatchFilter, MetadataFilters, VectorStoreQuery
from llama_index.core.vector_stores.types import VectorStoreQueryMode
from llama_index.vector_stores.cassandra import CassandraVectorStore

keyspace = "llama"
dimension = 64


class WordEmbedding(BaseEmbedding):
    """Texts that share words are near: each word adds to one component. Local and the same on every machine."""

    def _embed(self, text):
        vector = [0.0] * dimension
        for word in re.findall(r"[a-z]+", text.lower()):
            vector[hashlib.sha256(word.encode()).digest()[0] % dimension] += 1
        return vector

    def _get_text_embedding(self, text):
        return self._embed(text)

    def _get_query_embedding(self, query):
        return self._embed(query)

    async def _aget_query_embedding(self, query):
        return self._embed(query)


stories = {
    "hansel": "Hansel and Gretel walked into the forest. They found a house of bread and sugar. A witch lived in it.",
    "rapunzel": "Rapunzel lived in a tower without a door. She let down her long hair. A prince climbed up the tower.",
    "frog": "A princess lost her golden ball in a well. A frog brought it back. The frog became a king.",
}


@pytest.fixture(scope="module")
def storage():
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
    cassio.init(session=session, keyspace=keyspace)
    yield session
    cluster.shutdown()


@pytest.fixture
def index(storage, request):
    Settings.embed_model = WordEmbedding()
    Settings.llm = MockLLM()
    Settings.node_parser = SentenceSplitter(chunk_size=40, chunk_overlap=0)
    name = re.sub(r"\W", "_", request.node.name)[:40]
    store = CassandraVectorStore(table=name, embedding_dimension=dimension)
    documents = [
        Document(text=text, id_=key, metadata={"story": key, "royal": str(key != "hansel")})
        for key, text in stories.items()
    ]
    context = StorageContext.from_defaults(vector_store=store)
    return VectorStoreIndex.from_documents(documents, storage_context=context)


def names(nodes):
    return [node.metadata["story"] for node in nodes]


def test_a_question_finds_the_passage_that_answers_it(index):
    retriever = index.as_retriever(similarity_top_k=2)
    assert names(retriever.retrieve("Who lived in the tower without a door?"))[0] == "rapunzel"
    assert names(retriever.retrieve("Which house of bread and sugar?"))[0] == "hansel"


def test_the_query_engine_answers_from_the_sources_that_were_found(index):
    answer = index.as_query_engine(similarity_top_k=1).query("Who lost a golden ball?")
    assert names(answer.source_nodes) == ["frog"]
    assert "golden ball" in str(answer)


def test_a_filter_on_metadata_holds(index):
    filters = MetadataFilters(filters=[ExactMatchFilter(key="story", value="frog")])
    found = index.as_retriever(similarity_top_k=5, filters=filters).retrieve("A tower in the forest")
    assert found and set(names(found)) == {"frog"}


def test_two_filters_hold_together(index):
    filters = MetadataFilters(
        filters=[ExactMatchFilter(key="story", value="hansel"), ExactMatchFilter(key="royal", value="True")]
    )
    assert index.as_retriever(similarity_top_k=5, filters=filters).retrieve("A tower") == []


def test_a_deleted_document_is_found_no_more_and_an_inserted_one_is(index):
    index.delete_ref_doc("rapunzel")
    retriever = index.as_retriever(similarity_top_k=20)
    assert "rapunzel" not in names(retriever.retrieve("Who lived in the tower without a door?"))
    index.insert(Document(text="Snow White ate an apple.", id_="snow", metadata={"story": "snow", "royal": "True"}))
    assert names(retriever.retrieve("Who ate an apple?"))[0] == "snow"


def test_an_index_is_opened_again_from_the_table_alone(index):
    again = VectorStoreIndex.from_vector_store(index.vector_store)
    assert names(again.as_retriever(similarity_top_k=1).retrieve("The frog became a king")) == ["frog"]


def test_maximal_marginal_relevance_gives_different_passages(index):
    retriever = index.as_retriever(vector_store_query_mode="mmr", similarity_top_k=3)
    found = retriever.retrieve("A prince climbed up the tower")
    assert names(found)[0] == "rapunzel"
    assert len({node.node_id for node in found}) == 3


def test_the_store_answers_a_query_with_ids_and_similarities(index):
    question = WordEmbedding()._embed("The frog became a king")
    result = index.vector_store.query(
        VectorStoreQuery(query_embedding=question, similarity_top_k=3, mode=VectorStoreQueryMode.DEFAULT)
    )
    assert len(result.ids) == 3
    assert result.similarities == sorted(result.similarities, reverse=True)


def test_many_documents_are_written_in_concurrent_batches(storage):
    store = CassandraVectorStore(table="many", embedding_dimension=8, insertion_batch_size=50)
    Settings.embed_model = MockEmbedding(embed_dim=8)
    documents = [Document(text=f"Document {number}", id_=f"d{number}") for number in range(500)]
    VectorStoreIndex.from_documents(documents, storage_context=StorageContext.from_defaults(vector_store=store))
    assert storage.execute(f"SELECT count(*) FROM {keyspace}.many").one()[0] == 500
