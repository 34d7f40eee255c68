import CastyCore
import CastySharding
import Synchronization

/// What the openers of a faulty store share.
final class FaultyMedium: Sendable {
    private struct State {
        var store = InMemoryEntityStore()
        var openings = 0
        var tokens = FenceTable()
        var highest: UInt64 = 0
        var writing = 0
    }

    let fault: Fault
    private let state = Mutex(State())

    init(_ fault: Fault) { self.fault = fault }

    func open(crashingAt write: Int = .max) -> FaultyStore {
        let store = state.withLock { state in
            state.openings += 1
            let split = [Fault.isAnotherStoreForTheSecondOpener: 2, .isAnotherStoreForTheFifthOpener: 5][fault]
            if state.openings == split { state.store = InMemoryEntityStore() }
            return state.store
        }
        return FaultyStore(self, store, crashesAt: fault == .neverCrashes ? .max : write)
    }

    func pass(_ fence: ShardFence, for key: EntityKey) throws(EntityStoreError) {
        try state.withLock { state throws(EntityStoreError) in
            try state.tokens.pass(fence, for: key)
            state.highest = max(state.highest, fence.sequence)
        }
    }

    /// Compares a token without writing it down.
    func compare(_ fence: ShardFence, for key: EntityKey) throws(EntityStoreError) {
        try state.withLock { state throws(EntityStoreError) in
            var tokens = state.tokens
            try tokens.pass(fence, for: key)
        }
    }

    /// The highest sequence of all tokens.
    var highest: UInt64 { state.withLock { $0.highest } }

    /// Begins or ends a write.
    ///
    /// - Returns: How many are under way.
    func count(_ change: Int) -> Int {
        state.withLock { state in
            state.writing += change
            return state.writing
        }
    }
}
