import CastySharding
import Dispatch
import Glibc
import Synchronization

/// A change that waits to be sent.
struct StateChange: Sendable {
    enum Kind: Sendable {
        /// Raise the token of the shard.
        case token
        /// Save a state, or that there is none.
        case state([UInt8]?)
    }

    let kind: Kind
    let key: EntityKey
    let fence: ShardFence
    /// Orders the changes under one token.
    let number: UInt64
    let deadline: DispatchTime
    let done: UnsafeContinuation<Result<Void, EntityStoreError>, Never>

    var shard: TokenShard { TokenShard(key) }
    var isState: Bool { if case .state = kind { true } else { false } }
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
