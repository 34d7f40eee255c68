import CastyCore
import Synchronization

/// The stripe of counters that a thread alone adds to, see ``TurnGrant``.
///
/// The stripes are few and belong to the whole process: threads that find none left share the first. A thread that ends
/// hands its stripe to the next one under a lock, so that the next one sees what it has counted.
struct ThreadStripe: ~Copyable {
    private static let free = Mutex<UInt32>((1 << UInt32(TurnGrant.stripes)) - 2)

    let index: Int

    /// Takes a stripe for the calling thread, until this value ends.
    init() {
        index = Self.free.withLock { free in
            guard free != 0 else { return 0 }
            let index = free.trailingZeroBitCount
            free &= free &- 1
            return index
        }
    }

    deinit {
        let index = index
        if index > 0 { Self.free.withLock { $0 |= 1 << UInt32(index) } }
    }
}
