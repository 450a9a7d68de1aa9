"""The whole path, as a user walks it."""
