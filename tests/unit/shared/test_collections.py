"""The names of collections."""

from shared import collections


def test_every_collection_of_the_scheduler_is_kept_from_the_cleanup_of_a_host_applications_data() -> None:
    named = {value for name, value in vars(collections).items() if name.isupper() and isinstance(value, str)}
    assert named == collections.OWN_COLLECTIONS
