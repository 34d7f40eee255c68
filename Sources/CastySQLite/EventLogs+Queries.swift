import CastySharding
import GRDB

/// Events of a log by a filter, page by page.
///
/// Each page begins at its index, and ends with its last match: whoever reads a log to its end reads each row once. Without
/// care SQLite would read and sort all matches for each page.
extension EventLogs {
    /// The first events after an index in a log that match a filter, counted or not, in order.
    func matches(_ filter: EventFilter, in log: Int, after row: Int64, limit: Int) throws -> [EventRow] {
        // What an earlier file of the own slot had comes before all that this one has written.
        var found = hasLogs ? try adopted(filter, in: log, after: row, limit: limit) : []
        if log == file, found.count < limit { found += try own(filter, after: row, limit: limit - found.count) }
        return found
    }

    private func adopted(_ filter: EventFilter, in log: Int, after row: Int64, limit: Int) throws -> [EventRow] {
        // The last part is what the index has, which SQLite does not find out.
        var query = Query("event WHERE log = ? AND place > ? AND log <> 0", [log, row])
        if let tag = filter.tag {
            query.add(
                "EXISTS (SELECT 1 FROM event_tag WHERE tag = ? AND event_tag.row = event.row)", [tag.stored])
        }
        return try all(query, filter, order: "place", limit)
    }

    private func own(_ filter: EventFilter, after row: Int64, limit: Int) throws -> [EventRow] {
        let tagged = "(SELECT row AS tagged FROM event_tag WHERE tag = ?) CROSS JOIN event ON event.row = tagged"
        var query =
            if let tag = filter.tag {
                Query("\(tagged) WHERE tagged > ?", [tag.stored, row])
            } else {
                Query("event WHERE row > ?", [row])
            }
        if hasLogs { query.add("log = 0", []) }
        return try all(query, filter, order: filter.tag == nil ? "row" : "tagged", limit)
    }

    private func all(_ query: Query, _ filter: EventFilter, order: String, _ limit: Int) throws -> [EventRow] {
        var query = query
        query.add("kind = 0", [])
        if let type = filter.type {
            // By the index of entities: only where that finds few rows.
            query.add(filter.entity == nil ? "+type = ?" : "type = ?", [type.stored])
        }
        if let entity = filter.entity { query.add("id = ?", [entity.stored]) }
        return try all(
            "SELECT \(columns) FROM \(query.sql) ORDER BY \(order) LIMIT ?", query.arguments + [limit])
    }
}

/// A source of rows and its conditions.
private struct Query {
    private(set) var sql: String
    private(set) var arguments: StatementArguments

    init(_ sql: String, _ arguments: StatementArguments) { (self.sql, self.arguments) = (sql, arguments) }

    mutating func add(_ condition: String, _ arguments: StatementArguments) {
        sql += " AND \(condition)"
        self.arguments += arguments
    }
}
