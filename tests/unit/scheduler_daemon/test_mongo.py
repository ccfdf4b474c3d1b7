"""The client and its errors: nothing that a document or a password holds reaches a text."""

import pytest
from pymongo.errors import BulkWriteError

from scheduler_daemon.store.mongo import connect, translate, translated
from shared.errors import DocumentRefused, DuplicateDocument, SettingsError
from tests.support.environment import ExplicitSettings


@pytest.mark.parametrize("uri", ["mongodb://user:p/zq@rd@host/", "mongodb://host:port/"])
def test_a_connection_string_that_cannot_be_read_names_the_setting_and_shows_nothing_of_it(uri: str):
    with pytest.raises(SettingsError, match="MONGODB_URI") as caught:
        connect(ExplicitSettings(mongodb_uri=uri))
    assert "zq" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_refused_bulk_write_tells_its_code_and_not_the_documents():
    error = {"code": 11000, "errmsg": "E11000 duplicate key", "op": {"params": {"password": "hunter2"}}}
    with pytest.raises(DuplicateDocument) as caught, translated():
        raise BulkWriteError({"writeErrors": [error]})
    assert str(caught.value) == "11000: E11000 duplicate key"
    assert caught.value.__cause__ is None
    assert "hunter2" not in repr(translate(BulkWriteError({"writeErrors": [error]})))


def test_text_that_cannot_be_encoded_is_a_refused_document():
    with pytest.raises(DocumentRefused), translated():
        "\udcff".encode()
