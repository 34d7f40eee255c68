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
            rememberedIndex, rememberedChanges, rememberedChangesIndex,
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

    /// The index in whose order the pages of a shard are read.
    var rememberedIndex: String {
        "CREATE INDEX IF NOT EXISTS remembered_in_shard ON \(prefix)remembered (type, shards, shard, id)"
    }

    /// The number of the last change of each entity in the table `remembered`, for a day at least.
    ///
    /// It is a table of its own so that nodes of version 2, which know nothing of it, find in `remembered` what runs, and
    /// nothing else.
    var rememberedChanges: String {
        """
        CREATE TABLE IF NOT EXISTS \(prefix)remembered_change (
            type bytea, id bytea, up bigint NOT NULL, start bigint NOT NULL, sequence numeric(20) NOT NULL,
            change numeric(20) NOT NULL, PRIMARY KEY (type, id))
        """
    }

    /// The index by which those are found that are too old to matter.
    var rememberedChangesIndex: String {
        "CREATE INDEX IF NOT EXISTS remembered_change_by_age ON \(prefix)remembered_change (change)"
    }

    /// What brings tables of any earlier version to this one; each step does nothing where it has been done.
    ///
    /// Nodes of version 1 know nothing of the column `wake`, and leave it as it is. So an entity may have an earlier time
    /// there than it needs, which is harmless, and none has a later one: they set no reminders. Nodes of version 2 change
    /// `remembered` without a number: theirs count also when they come late.
    ///
    /// The indices take time where there are many millions of rows, and changes wait for them.
    var changesOfEarlierTables: [String] {
        [
            "ALTER TABLE \(prefix)state ADD COLUMN IF NOT EXISTS wake bigint",
            wakeIndex,
            rememberedIndex,
            "DROP INDEX IF EXISTS \(prefix)remembered_by_shard",
            rememberedChanges,
            rememberedChangesIndex,
        ]
    }

    /// The index by which the entities with something due are found. Most entities have nothing due, and are not in it,
    /// so that their saves change no index.
    var wakeIndex: String {
        "CREATE INDEX IF NOT EXISTS state_by_wake ON \(prefix)state (type, wake, id) WHERE wake IS NOT NULL"
    }
}
