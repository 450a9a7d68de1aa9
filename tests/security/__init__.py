"""What a hostile submission must not be able to do."""
