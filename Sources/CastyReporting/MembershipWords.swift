package import CastyCore
import CastyObservability

// The words of membership in JSON and in printed lines. They are a contract: other programs read them.

extension MembershipCause<String> {
    /// The cause in JSON; `nil` where the event's kind says it all.
    package var word: String {
        switch self {
        case .start: "start"
        case .join: "join"
        case .welcome(let from, let version): "welcome by \(from), v\(version)"
        case .gossip(let from, let version): "gossip v\(version) from \(from)"
        case .command: "command"
        case .leaderAction(let version): "leader, v\(version)"
        case .overdue(let version): "leader, v\(version), without agreement after the deadline"
        case .silence(let phi, let silence): "phi \(tenths(phi)), silent \(tenths(silence.inSeconds)) s"
        case .heartbeat: "heartbeat"
        case .downing: "downing"
        case .newIncarnation: "a new incarnation took its place"
        case .goneNotice(let from): "\(from) says it is gone"
        case .probe: "probe"
        }
    }
}

extension DowningReason {
    /// The reason in JSON: the strategy and its rule, with the numbers.
    package var word: String { (strategy.map { "\($0): " } ?? "") + rule }

    /// The strategy that decides by this rule; `nil` where none does.
    package var strategy: String? {
        switch self {
        case .nothingUnreachable, .mutation: nil
        case .manual: "manual"
        case .split: "down-all"
        case .unstable: "down-all-when-unstable"
        case .majority: "keep-majority"
        case .lease: "lease-majority"
        case .quorum: "static-quorum"
        case .oldest: "keep-oldest"
        }
    }

    /// The rule without the strategy's name.
    package var rule: String {
        switch self {
        case .nothingUnreachable: "no member is unreachable"
        case .manual: "a person decides"
        case .split: "the cluster is split"
        case .unstable(let time): "no still view for \(time)"
        case .majority(let majority): majority.rule
        case .lease(let lease): lease.rule
        case .quorum(let quorum): quorum.rule
        case .oldest(let oldest): oldest.rule
        case .mutation: "we are here"
        }
    }
}

extension DowningReason.Votes {
    fileprivate var word: String { "\(here) of \(all) votes" }
}

extension DowningReason.Majority {
    fileprivate var rule: String {
        switch self {
        case .noVotes: "no member has a vote"
        case .tooFew(let votes): "only \(votes.word) here"
        case .doubtful(let votes): "\(votes.word) here, but changes under way may have reversed it"
        case .stays(let votes, let isTie): "\(votes.word) stay" + (isTie ? ", with the lowest address" : "")
        }
    }
}

extension DowningReason.Lease {
    fileprivate var rule: String {
        switch self {
        case .noVoteHere: "no member here has a vote"
        case .doubtful(let votes): "\(votes.word) here, but changes under way may have taken them"
        case .onlyVoters(let votes): "\(votes.word) stay, no other member may ask"
        case .granted(let votes): "\(votes.word) stay, with the lease"
        case .refused(let votes): "\(votes.word) here, but not the lease"
        case .asks(let votes, let isLate):
            "\(votes.word) here, asks for the lease " + (isLate ? "after the others" : "at once")
        }
    }
}

extension DowningReason.Quorum {
    fileprivate var rule: String {
        switch self {
        case .ambiguous(let votes, let size): "\(votes) votes, both sides could have \(size)"
        case .tooFew(let votes, let size): "only \(votes) votes of \(size) needed"
        case .doubtful(let votes, let size):
            "\(votes) votes of \(size) needed, but some may be lost by changes under way"
        case .enough(let votes, let size): "\(votes) votes of \(size) needed"
        }
    }
}

extension DowningReason.Oldest {
    fileprivate var rule: String {
        switch self {
        case .noVotes: return "no member has a vote"
        case .found(let node, let isHere, let isAlone, let doubt):
            let whereabouts = "\(node) is " + (isAlone ? "alone " : "") + (isHere ? "here" : "there")
            return switch doubt {
            case nil: whereabouts
            case .changes: whereabouts + ", but changes under way may have reversed it"
            case .lastVoteLeaves: whereabouts + ", but it may be on its way out, and with it the last vote"
            }
        }
    }
}

extension Waiting {
    /// The obstacle in JSON, and for how long it has existed.
    ///
    /// - Parameter name: The name of a node.
    package func word(at now: Instant, _ name: (UniqueAddress) -> String) -> String {
        let lasting = since.map { " for \(tenths((now - $0).inSeconds)) s" } ?? ""
        return switch obstacle {
        case .unreachable(let node, let observers):
            "\(observers.map(name).joined(separator: ",")) cannot reach \(name(node))\(lasting)"
        case .notSeen(let node): "\(name(node)) has not seen this version\(lasting)"
        }
    }
}

extension LeaderAction {
    /// The action in printed lines.
    ///
    /// - Parameter name: The name of a node.
    package func word(_ name: (UniqueAddress) -> String) -> String {
        switch self {
        case .moveToUp(let node): "move \(name(node)) to up"
        case .moveToExiting(let node): "move \(name(node)) to exiting"
        case .remove(let node): "remove \(name(node))"
        case .forget(let node): "forget the removal of \(name(node))"
        }
    }
}

/// A number with one digit after the point, written without a formatter.
func tenths(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(abs(tenths % 10))"
}
