"""The database under BCOS_HOME: connections, column types, migrations."""
