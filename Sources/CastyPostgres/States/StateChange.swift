import CastyCore
import CastySharding
import Dispatch
import Glibc
import Synchronization

/// A change that waits to be sent.
struct StateChange: Sendable {
    enum Kind: Sendable {
        /// Raise the token of the shard.
        case token
        /// Save a state, or that there is none, and when the entity must run again.
        case state([UInt8]?, wakeAt: WallTime? = nil)
        /// Append events after the one with this number.
        case append([EventRecord], after: UInt64, wake: WakeChange = .none)
        /// Delete the events up to this number.
        case deleteEvents(through: UInt64)
        /// Note whether the entity runs, and remove old numbers of such changes, if it is time for that.
        case running(Bool, forgets: Bool = false)
    }

    /// What an append does to the time at which the entity must run again.
    enum WakeChange: Sendable {
        case none
        case at(WallTime?)
    }

    let kind: Kind
    let key: EntityKey
    let fence: ShardFence
    /// Orders the changes under one token.
    let number: UInt64
    let deadline: DispatchTime
    let done: UnsafeContinuation<Result<Void, EntityStoreError>, Never>

    var shard: TokenShard { TokenShard(key) }
    /// Whether more changes than the token.
    var isWrite: Bool { if case .token = kind { false } else { true } }

    /// What makes the change, given that its token is the shard's. The first gives a row if the change is made.
    func statements(_ statements: Statements) -> [Statement] {
        switch kind {
        case .token: return []
        case .state(let state, let wakeAt):
            return [statements.save(state, for: key, fence, change: number, wakeAt: wakeAt)]
        case .append(let events, let sequence, let wake):
            return [statements.append(events, after: sequence, for: key, fence, change: number, wake: wake)]
        case .deleteEvents(let sequence): return [statements.deleteEvents(of: key, through: sequence, fence)]
        case .running(let runs, let forgets):
            return [
                statements.order(of: key, fence, change: number),
                statements.note(runs: runs, key, fence, change: number),
            ] + (forgets ? [statements.forgetOldChanges(number)] : [])
        }
    }
}

/// A shard of a type with a given number of shards.
struct TokenShard: Hashable, Sendable, Comparable {
    let type: String
    let count: Int
    let number: Int

    init(_ key: EntityKey) {
        (type, count, number) = (key.type, key.shards, key.shard)
    }

    static func < (left: TokenShard, right: TokenShard) -> Bool {
        (left.type, left.count, left.number) < (right.type, right.count, right.number)
    }
}

/// Numbers changes so that each has a higher number than all before it in this process, and than those of processes
/// that have ended.
enum ChangeNumbers {
    private static let last = Mutex<UInt64>(0)

    static func next() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let now = UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
        return last.withLock { last in
            last = max(last + 1, now)
            return last
        }
    }
}
