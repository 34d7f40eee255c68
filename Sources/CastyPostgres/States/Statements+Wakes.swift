import CastyCore
import CastySharding

/// When entities must run again: a column of the table of states, with an index that has only the rows with a time.
extension Statements {
    /// The entities of a type up to a time and behind a cursor, by time and then by id. Gives id and time of each.
    func wakes(of type: String, through time: WallTime, after cursor: EntityWake?, limit: Int) -> Statement {
        // No id is empty, so nothing is before the lowest time with an empty one.
        let start = cursor ?? EntityWake(at: WallTime(milliseconds: .min), id: "")
        // The order must name the table: a plain name would mean the column of the answer, which is text.
        return Statement(
            """
            SELECT id, wake::text FROM \(schema)state AS state
            WHERE type = $1::bytea AND wake <= $2::bigint AND (wake, id) > ($3::bigint, $4::bytea)
            ORDER BY state.wake, state.id LIMIT $5::bigint
            """, [.utf8(type), Self.time(time), Self.time(start.at), .utf8(start.id), .number(limit)])
    }

    /// The part of a statement that sets the time of an entity whose events it appends, and its parameter `wake`. The row
    /// gets the number of the change, so that no earlier save replaces the time.
    func setWake(parameter wake: Int) -> String {
        """
        woken AS (
            INSERT INTO \(schema)state AS known (type, id, state, up, start, sequence, change, wake)
            SELECT $1::bytea, $8::bytea, NULL, $5::bigint, $6::bigint, $7::numeric, $11::numeric, $\(wake)::bigint
            FROM head
            ON CONFLICT (type, id) DO UPDATE SET
                up = excluded.up, start = excluded.start, sequence = excluded.sequence, change = excluded.change,
                wake = excluded.wake),
        """
    }

    /// A time in milliseconds since 1970.
    static func time(_ time: WallTime?) -> Parameter { time.map { .number($0.milliseconds) } ?? .null }
}
