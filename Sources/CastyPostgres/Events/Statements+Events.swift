import CastySharding

/// The statements for events.
///
/// The table `journal` has one row for each entity, with the number of its last event. An append replaces that row on the
/// condition that it has the number that the caller knows, under the lock of the token that saves take too. So of two
/// appends after the same event one finds no row. The row also has the number of the change, from which an append that
/// was sent twice knows that it has been made.
///
/// ## Why a query misses nothing
///
/// Transactions end in another order than they begin, so a position that grows with each event is not enough: a query
/// could pass by an event that is not committed yet. Events are therefore ordered by their transaction first, and a query
/// shows only those of transactions before the oldest one that still runs (`pg_snapshot_xmin`): no event can come
/// before them any more. A transaction that stays open for long, also one of something else on the same server,
/// holds queries back for as long; nothing else waits for it.
extension Statements {
    /// Appends events if the shard has this token and the entity's last event is this one. Gives one row if so.
    func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, _ fence: ShardFence, change: UInt64,
        wake: StateChange.WakeChange = .none
    ) -> Statement {
        var (woken, time): (String, [Parameter]) = ("", [])
        if case .at(let wakeAt) = wake { (woken, time) = (setWake(parameter: 16), [Self.time(wakeAt)]) }
        return Statement(
            """
            WITH held AS (\(heldToken)),
            head AS (
                INSERT INTO \(schema)journal AS known (type, id, last, change)
                SELECT $1::bytea, $8::bytea, $9::bigint + $10::bigint, $11::numeric FROM held
                WHERE $9::bigint = 0 OR EXISTS (SELECT FROM \(schema)journal WHERE type = $1::bytea AND id = $8::bytea)
                ON CONFLICT (type, id) DO UPDATE SET last = excluded.last, change = excluded.change
                    WHERE known.last = $9::bigint
                RETURNING 'appended'),
            \(woken)
            added AS (
                INSERT INTO \(schema)event (type, id, sequence, payload, manifest, version, tags)
                SELECT $1::bytea, $8::bytea, $9::bigint + number, payload, manifest, version, tags
                FROM head, unnest($12::bytea[], $13::bytea[], $14::bigint[], $15::text[])
                    WITH ORDINALITY AS new(payload, manifest, version, tags, number))
            SELECT 'appended' FROM head
            """,
            shard(of: key) + token(fence) + [
                .utf8(key.id), number(sequence), .number(events.count), .number(change),
                Self.array(events.map { Self.hex($0.payload) }), Self.array(events.map { Self.hex($0.manifest.utf8) }),
                Self.array(events.map { "\($0.version)" }),
                Self.array(events.map { $0.tags.map(Self.mark).joined(separator: ",") }),
            ] + time)
    }

    /// Deletes events if the shard has this token. Gives one row if so.
    func deleteEvents(of key: EntityKey, through sequence: UInt64, _ fence: ShardFence) -> Statement {
        Statement(
            """
            WITH held AS (\(heldToken)),
            gone AS (
                DELETE FROM \(schema)event USING held WHERE type = $1::bytea AND id = $8::bytea AND sequence <= $9::bigint)
            SELECT 'deleted' FROM held
            """, shard(of: key) + token(fence) + [.utf8(key.id), number(sequence)])
    }

    /// The number of an entity's last event, and that of the change that has appended it. Gives at most one row.
    func head(of key: EntityKey) -> Statement {
        Statement(
            "SELECT last::text, change::text FROM \(schema)journal WHERE type = $1::bytea AND id = $2::bytea",
            [.utf8(key.type), .utf8(key.id)])
    }

    /// A page of an entity's events, as ``Rows/event(_:)`` reads it.
    func events(of key: EntityKey, after sequence: UInt64, limit: Int) -> Statement {
        Statement(
            """
            \(eventColumns) WHERE type = $1::bytea AND id = $2::bytea AND sequence > $3::bigint
            ORDER BY event.sequence LIMIT $4::bigint
            """, [.utf8(key.type), .utf8(key.id), number(sequence), .number(limit)])
    }

    /// A page of all events that match, in the order of all.
    func events(matching filter: EventFilter, after place: (transaction: UInt64, position: Int64), limit: Int)
        -> Statement
    {
        Statement(
            """
            \(eventColumns) WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) AND (xid, position) > ($1::xid8, $2::bigint)
                AND ($3::bytea IS NULL OR type = $3::bytea) AND ($4::bytea IS NULL OR id = $4::bytea)
                AND ($5::text IS NULL OR string_to_array(tags, ',') @> ARRAY[$5::text])
            ORDER BY event.xid, event.position LIMIT $6::bigint
            """,
            [
                .number(place.transaction), .number(place.position), filter.type.map { .utf8($0) } ?? .null,
                filter.entity.map { .utf8($0) } ?? .null, filter.tag.map { .text(Self.mark($0)) } ?? .null,
                .number(limit),
            ])
    }

    /// Whether there are events that no query shows yet: gives a row if so.
    var heldBack: Statement {
        Statement(
            "SELECT 'some' FROM \(schema)event WHERE xid >= pg_snapshot_xmin(pg_current_snapshot()) LIMIT 1")
    }

    /// The order must name the table: a plain name would mean the column of the answer, which is text.
    private var eventColumns: String {
        """
        SELECT type, id, sequence::text, payload, manifest, version::text, tags, xid::text, position::text
        FROM \(schema)event AS event
        """
    }

    /// A number as the server can hold it; no entity has as many events.
    private func number(_ sequence: UInt64) -> Parameter { .number(min(sequence, UInt64(Int64.max))) }

    /// A tag as text without commas, and never empty.
    private static func mark(_ tag: String) -> String { "x" + digits(tag.utf8) }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String { "\\\\x" + digits(bytes) }

    private static func digits(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    private static func array(_ elements: [String]) -> Parameter {
        .text("{" + elements.map { "\"\($0)\"" }.joined(separator: ",") + "}")
    }
}

extension Rows {
    /// The event in a row; `nil` where the row has none that can be read.
    func event(_ row: Int) -> StoredEvent? {
        guard let type = text(0, row: row), let id = text(1, row: row), let sequence: UInt64 = number(2, row: row),
            let payload = bytes(3, row: row), let manifest = text(4, row: row), let version: Int = number(5, row: row),
            let marks = text(6, row: row)
        else { return nil }
        let tags = marks.split(separator: ",").map { Self.tag($0.utf8.dropFirst()) }
        return StoredEvent(
            type: type, entity: id, sequence: sequence,
            record: EventRecord(payload: payload, manifest: manifest, version: version, tags: tags))
    }

    private static func tag(_ digits: Substring.UTF8View.SubSequence) -> String {
        let values = digits.map { $0 < UInt8(ascii: "a") ? $0 &- UInt8(ascii: "0") : $0 &- UInt8(ascii: "a") &+ 10 }
        let bytes = stride(from: 0, to: values.count - 1, by: 2).map { values[$0] << 4 | values[$0 + 1] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
