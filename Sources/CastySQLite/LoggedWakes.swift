import CastyCore
import CastySharding

/// When the entities of a type must run again, as the logs say.
///
/// A time stands in the log, with the events that it was set with, and is judged as they are: a former owner's time that
/// came too late replaces none that the next owner has seen. The last row that counts is valid, by the token
/// and then by the index: a shard's owner has one log.
struct LoggedWakes {
    let type: String
    let sources: StateSources
    /// The valid times of entities that were looked at.
    private var known: [String: [WallTime]] = [:]

    init(type: String, sources: StateSources) {
        (self.type, self.sources) = (type, sources)
    }

    /// The first times of each log behind a cursor, valid or not.
    func page(
        through time: WallTime, after cursor: EntityWake?, limit: Int
    ) throws(EntityStoreError) -> [EntityWake] {
        // No row of an entity is before it.
        let start = cursor ?? EntityWake(at: WallTime(milliseconds: .min), id: "")
        var found: [EntityWake] = []
        try sources.each { found += try $0.wakes(of: type, through: time, after: start, limit: limit) }
        return found
    }

    /// Whether the entity must run then.
    mutating func isValid(_ wake: EntityWake) throws(EntityStoreError) -> Bool {
        if let times = known[wake.id] { return times.contains(wake.at) }
        let times = try sources.loggedWakes(type: type, id: wake.id)
        known[wake.id] = times
        return times.contains(wake.at)
    }
}

extension StateSources {
    /// When an entity must run again as the logs say. Several times where it is not certain which of them counts.
    func loggedWakes(type: String, id: String) throws(EntityStoreError) -> [WallTime] {
        var rows: [EventRow] = []
        // Before the takeovers: what the next owner has not seen is excluded only by one that is read later.
        try each { rows += try $0.wakes(type: type, id: id) }
        var verdicts = EntityVerdicts(sources: self)
        let verdict = try verdicts.verdict(type: type, id: id)
        var times: [WallTime] = []
        for row in verdict.takeovers.counting(rows) {
            if let time = row.wakeAt { times.append(time) }
            if verdict.isCertain(row) { break }
        }
        return times
    }

    /// The row that says when an entity must run again, as the owner of its shard reads it in its transaction.
    func loggedWake(of key: EntityKey, in open: EventLogs) throws(EntityStoreError) -> EventRow? {
        var rows: [EventRow] = []
        try each(open) { rows += try $0.wakes(type: key.type, id: key.id) }
        return rows.isEmpty ? nil : try takeovers(type: key.type, id: key.id, in: open).counting(rows).first
    }
}

extension Takeovers {
    /// Those of an entity's rows that count, the last one first.
    func counting(_ rows: [EventRow]) -> [EventRow] {
        rows.filter(counts).sorted { first, second in
            if first.fence == second.fence { return first.row > second.row }
            return second.fence.isSuperseded(by: first.fence)
        }
    }
}
