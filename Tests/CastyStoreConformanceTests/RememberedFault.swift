import CastySharding
import Synchronization

/// What a store of remembered entities does wrong.
enum RememberedFault: String, Sendable, CaseIterable {
    case none
    case forgetsStops
    case hasOnePage
    case repeatsAnEntity
    case ignoresTokens
    case doesNotWriteTokensOfReads
    case changesForFormerOwners
    case eachOpenerHasItsOwnTokens
    case separatesClusters
    case separatesNumbersOfShards
    case losesWhatComesAtOnce
    case checksTokensBeforeItWaits
    case isAnotherStoreForTheFifthOpener
    case acknowledgesBeforeItWrites

    /// Whether the faulty store compares tokens itself, in place of the store behind it.
    var comparesTokens: Bool {
        switch self {
        case .ignoresTokens, .doesNotWriteTokensOfReads, .changesForFormerOwners, .eachOpenerHasItsOwnTokens,
            .checksTokensBeforeItWaits:
            true
        default: false
        }
    }
}

/// What the openers of a faulty store share.
final class RememberedMedium: Sendable {
    private struct State {
        var store = InMemoryRememberedEntityStore()
        var openings = 0
        var tokens = FenceTable()
        var highest: UInt64 = 0
        var writing = 0
    }

    let fault: RememberedFault
    private let state = Mutex(State())

    init(_ fault: RememberedFault) { self.fault = fault }

    func open(crashingAt write: Int = .max) -> FaultyRememberedStore {
        let store = state.withLock { state in
            state.openings += 1
            if fault == .isAnotherStoreForTheFifthOpener, state.openings == 5 {
                state.store = InMemoryRememberedEntityStore()
            }
            return state.store
        }
        return FaultyRememberedStore(self, store, crashesAt: write)
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
