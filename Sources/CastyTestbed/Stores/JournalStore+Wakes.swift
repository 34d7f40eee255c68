import CastyCore
import CastySharding
import Synchronization

/// When entities must run again: one journal for each type.
///
/// It is another file than that of the state or the events, so a crash or a fault of the disk may come between the two.
/// Therefore an earlier time is written before the change that needs it, and a later one after that: an entity may have
/// an earlier time than it needs, and never a later one.
extension JournalStore {
    /// What a change does to the time at which its entity must run again.
    enum WakeChange: Sendable {
        case none
        case at(WallTime?)
    }

    /// Makes a change, and sets the time.
    func withWake(
        _ wake: WakeChange, of key: EntityKey, _ change: () throws(EntityStoreError) -> Void
    ) throws(EntityStoreError) {
        guard case .at(let time) = wake else { return try change() }
        let old = try times(of: key.type)[key.id]
        let isEarlier = time.map { time in old.map { time < $0 } ?? true } ?? false
        if isEarlier, let time { try note(time, of: key) }
        try change()
        // A time that cannot be put off is too early, which is harmless.
        if !isEarlier, time != old { try? note(time, of: key) }
    }

    /// The entities of a type that must run at a time or before, in order.
    func wakes(
        of type: String, through time: WallTime, after: EntityWake?, limit: Int
    ) async throws(EntityStoreError) -> [EntityWake] {
        let wakes = try await operate { () throws(EntityStoreError) in
            try Self.commits.withLock { _ throws(EntityStoreError) in
                try times(of: type).filter { $0.value <= time }.map { EntityWake(at: $0.value, id: $0.key) }.sorted()
            }
        }
        return Array(wakes.drop { wake in after.map { wake <= $0 } ?? false }.prefix(limit))
    }

    private static func name(_ type: String) -> String { "\(type) wakes" }

    private func times(of type: String) throws(EntityStoreError) -> [String: WallTime] {
        let name = Self.name(type)
        let records = try use(name) { journal throws(EntityStoreError) in try journal.read() }
        var times: [String: WallTime] = [:]
        for record in records {
            let parts = String(decoding: record, as: UTF8.self).split(separator: " ", maxSplits: 1)
            guard parts.count == 2 else { throw EntityStoreError(.corrupt, "\(name) cannot be read") }
            times[String(parts[1])] = Int64(parts[0]).map { WallTime(milliseconds: $0) }
        }
        return times
    }

    /// The time in milliseconds, or `-`, and the id.
    private static func record(_ time: WallTime?, _ id: String) -> [UInt8] {
        Array("\(time.map { String($0.milliseconds) } ?? "-") \(id)".utf8)
    }

    private func note(_ time: WallTime?, of key: EntityKey) throws(EntityStoreError) {
        let times = try times(of: key.type)
        try use(Self.name(key.type)) { journal throws(EntityStoreError) in
            guard journal.length > Self.tidyLength else { return try journal.append(Self.record(time, key.id)) }
            var left = times
            left[key.id] = time
            let ids = left.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            try journal.rewrite(ids.map { Self.record(left[$0], $0) })
        }
    }
}
