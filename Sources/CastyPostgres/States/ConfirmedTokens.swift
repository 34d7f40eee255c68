import CastySharding
import Dispatch
import Synchronization

/// The tokens that the server has confirmed to this process.
final class ConfirmedTokens: Sendable {
    private let tokens = Mutex<[TokenShard: ShardFence]>([:])

    subscript(shard: TokenShard) -> ShardFence? {
        get { tokens.withLock { $0[shard] } }
        set { tokens.withLock { $0[shard] = newValue } }
    }
}

extension DispatchTime {
    /// The moment after a duration from now.
    static func after(_ duration: Duration) -> DispatchTime {
        let (seconds, attoseconds) = duration.components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return now() + .nanoseconds(isTooLong ? .max : Int(clamping: whole + attoseconds / 1_000_000_000))
    }
}
