extension Schema {
    /// The statements that create the tables, each unless it is there.
    var tables: [String] {
        [
            "CREATE TABLE IF NOT EXISTS \(prefix)meta (key text PRIMARY KEY, value text NOT NULL)",
            """
            CREATE TABLE IF NOT EXISTS \(prefix)fence (
                type bytea, shards int, shard int, cluster text NOT NULL, up bigint NOT NULL, start bigint NOT NULL,
                sequence numeric(20) NOT NULL, PRIMARY KEY (type, shards, shard))
            """,
            // A row is replaced with each save: room in its page spares a change of the index.
            """
            CREATE TABLE IF NOT EXISTS \(prefix)state (
                type bytea, id bytea, state bytea, up bigint NOT NULL, start bigint NOT NULL,
                sequence numeric(20) NOT NULL, change numeric(20) NOT NULL, wake bigint, PRIMARY KEY (type, id))
                WITH (fillfactor = 70)
            """,
            // A process of version 1 may have made the table a moment ago.
            "ALTER TABLE \(prefix)state ADD COLUMN IF NOT EXISTS wake bigint",
            wakeIndex,
            """
            CREATE TABLE IF NOT EXISTS \(prefix)remembered (
                type bytea, id bytea, shards int NOT NULL, shard int NOT NULL, PRIMARY KEY (type, id))
            """,
            "CREATE INDEX IF NOT EXISTS remembered_by_shard ON \(prefix)remembered (type, shards, shard)",
            """
            CREATE TABLE IF NOT EXISTS \(prefix)journal (
                type bytea, id bytea, last bigint NOT NULL, change numeric(20) NOT NULL, PRIMARY KEY (type, id))
            """,
            """
            CREATE TABLE IF NOT EXISTS \(prefix)event (
                type bytea, id bytea, sequence bigint, payload bytea NOT NULL, manifest bytea NOT NULL,
                version bigint NOT NULL, tags text NOT NULL, xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
                position bigint NOT NULL GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (type, id, sequence))
            """,
            "CREATE INDEX IF NOT EXISTS event_in_order ON \(prefix)event (xid, position)",
            "CREATE INDEX IF NOT EXISTS event_by_tag ON \(prefix)event USING gin (string_to_array(tags, ','))",
            "CREATE TABLE IF NOT EXISTS \(prefix)lease (name text PRIMARY KEY, record text NOT NULL)",
        ]
    }

    /// The index by which the entities with something due are found. Most entities have nothing due, and are not in it,
    /// so that their saves change no index.
    var wakeIndex: String {
        "CREATE INDEX IF NOT EXISTS state_by_wake ON \(prefix)state (type, wake, id) WHERE wake IS NOT NULL"
    }
}
