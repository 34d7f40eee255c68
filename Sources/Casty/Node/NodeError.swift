public import CastyCore

/// Why a node could not be made, started or joined, or why it ended.
public struct NodeError: CastyError {
    /// What happened. More codes may be added.
    @nonexhaustive
    public enum Code: String, CastyErrorCode {
        /// A setting cannot work; the message names it, its value and what is possible.
        case badSetting = "bad setting"
        /// The node cannot listen on its address.
        case cannotListen = "cannot listen"
        /// The process may not open as many files as a node needs.
        case tooFewFiles = "too few files"
        /// The node was started before; a node runs once.
        case alreadyStarted = "already started"
        /// The node has not found a cluster in time; ``NodeError/seeds`` says what each seed answered.
        case noSeed = "no seed"
        /// The node found a cluster and is not up in time.
        case notUp = "not up"
        /// The cluster did not let the node in.
        case refused
        /// The node was declared down.
        case downed
        /// The other members have removed the node.
        case removed
        /// Its cluster ended before a bigger or older one of the same name.
        case secondCluster = "second cluster"
        /// The node cannot work in this cluster for another reason, such as a store that belongs to another one.
        case failed
        /// The node has ended because its program asked for it.
        case stopped
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
