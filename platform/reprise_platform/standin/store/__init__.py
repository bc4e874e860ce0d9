"""The tables, read and written: SQL here and nowhere else but the migration."""
