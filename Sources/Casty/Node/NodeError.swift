public import CastyCore

/// Why a node could not be made, started or joined, or why it ended.
public struct NodeError: CastyError {
    /// What happened. More codes may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the code.
        public let description: String

        private init(_ description: String) { self.description = description }

        /// A setting cannot work; the message names it, its value and what is possible.
        public static let badSetting = Code("bad setting")
        /// The node cannot listen on its address.
        public static let cannotListen = Code("cannot listen")
        /// The process may not open as many files as a node needs.
        public static let tooFewFiles = Code("too few files")
        /// The node was started before; a node runs once.
        public static let alreadyStarted = Code("already started")
        /// The node has not found a cluster in time; ``NodeError/seeds`` says what each seed answered.
        public static let noSeed = Code("no seed")
        /// The node found a cluster and is not up in time.
        public static let notUp = Code("not up")
        /// The cluster did not let the node in.
        public static let refused = Code("refused")
        /// The node was declared down.
        public static let downed = Code("downed")
        /// The other members have removed the node.
        public static let removed = Code("removed")
        /// Its cluster ended before a bigger or older one of the same name.
        public static let secondCluster = Code("second cluster")
        /// The node cannot work in this cluster for another reason, such as a store that belongs to another one.
        public static let failed = Code("failed")
        /// The node has ended because its program asked for it.
        public static let stopped = Code("stopped")
    }

    /// What happened.
    public let code: Code
    /// For a person: what is wrong, and what to do.
    public let message: String
    /// The error behind this one, if there is one.
    public let cause: (any Error)?
    /// Why the node ended by itself, where it did.
    public let stopReason: StopReason?
    /// What each seed answered last, where the node waits for them.
    public let seeds: [FoundingWait.Asked]

    init(
        _ code: Code, _ message: String, cause: (any Error)? = nil, stopReason: StopReason? = nil,
        seeds: [FoundingWait.Asked] = []
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.stopReason = stopReason
        self.seeds = seeds
    }

    /// The error for a node that has ended by itself; `nil` where it has left as it was asked to.
    init?(_ reason: StopReason, _ address: NodeAddress) {
        let code: Code
        switch reason {
        case .left: return nil
        case .downed: code = .downed
        case .removed: code = .removed
        case .refused: code = .refused
        case .secondCluster: code = .secondCluster
        case .failed: code = .failed
        }
        self.init(code, "\(address) \(reason)", stopReason: reason)
    }

    /// The code and the message.
    public var description: String { "\(code): \(message)" }
}
