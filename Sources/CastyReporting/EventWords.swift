package import CastyCore
package import CastyObservability

// The words of events in JSON and in printed lines. They are a contract: other programs read them.

extension EventReason {
    /// The reason in JSON.
    package var word: String {
        switch self {
        case .membership(let cause): cause.word
        case .downing(let reason): reason.word
        case .stopped(let reason): reason.description
        case .lost(let loss): loss.word
        case .epoch(let epoch): "epoch \(epoch >> 32).\(epoch & 0xFFFF_FFFF)"
        case .allocation(let reason): reason.word
        case .move(let reason): reason.word
        case .handoff(let outcome): outcome.word
        case .forced: "forced"
        case .unavailable(let cause): cause.word
        case .failed(let restartAt): "failed, starts again from \(restartAt) s on"
        case .notice(let notice): notice.word
        case .rule(let id): id
        case .after(let time): "after \(RuntimeEvent.seconds(.start + time)) s"
        case .text(let text): text
        }
    }
}

extension EventReason.Notice {
    fileprivate var word: String {
        switch self {
        case .lease: "lease"
        case .store: "store"
        case .gossipSize: "gossip size"
        case .claimedAddress: "claimed address"
        case .notConfirmed: "not confirmed"
        case .notUnderstood: "not understood"
        }
    }
}

extension EventDetail {
    /// The detail in JSON.
    package var word: String {
        switch self {
        case .upNumber(let number): return "number \(number)"
        case .lastStatus(let status): return "was \(status)"
        case .observers(let nodes, let witness):
            let seers = "observed by " + nodes.joined(separator: ",")
            return witness.map { "\(seers); \($0) still reaches it" } ?? seers
        case .version(let version): return "v\(version)"
        case .clusters(let own, let other):
            let end = own.ends(before: other) ? "this one ends" : "that one ends"
            return "cluster \(other.id) of \(other.size) beside this one, \(own.id) of \(own.size): \(end)"
        case .downs(let nodes): return nodes.isEmpty ? "down none" : "down " + nodes.joined(separator: ",")
        case .type(let type): return type
        case .unplaced(let type, let cause): return "\(type): \(cause)"
        case .membership(let notice): return notice.description
        case .sharding(let type, let notice): return "\(type): \(notice.word)"
        case .singleton(let name, let notice): return "singleton \(name) \(notice.word)"
        case .incarnation(let node): return node.description
        case .reply: return "reply"
        case .envelope(let number): return "envelope \(number)"
        case .failures(let count, let restartAt):
            return "has failed \(count > 1 ? "\(count) times in a row" : "once"), starts again from \(restartAt) s on"
        case .text(let text): return text
        }
    }
}

extension SingletonNotice {
    fileprivate var word: String {
        switch self {
        case .waits(let nodes, let until):
            let names = nodes.joined(separator: ",")
            let causes = [names.isEmpty ? nil : "for \(names)", until.map { "until \($0) s" }].compactMap { $0 }
            return "waits " + causes.joined(separator: " and ")
        case .runs: return "runs here"
        case .stopped(let forced): return "has stopped here" + (forced ? ", by force" : "")
        case .ended(let failed, let until): return "\(failed ? "failed" : "ended") here, starts again at \(until) s"
        case .paused: return "pauses: the lease has lapsed"
        case .resumed: return "goes on: the lease is valid again"
        }
    }
}

extension ShardingNotice {
    fileprivate var word: String {
        switch self {
        case .rebuilt(let homes): "coordinator rebuilt, \(homes) shards have a home"
        case .coordinatorStopped: "coordinator stopped here"
        case .handoffEnded: "handoff ended"
        case .foreignClaim: "claims a shard that is another's"
        case .waitsForLease(let shards, let until): "\(shards) shards wait for its lease to end, until \(until) s"
        case .rebalancePlans(let moves): "rebalance plans \(moves) \(moves == 1 ? "move" : "moves")"
        case .tooFewShards(let shards, let nodes):
            "\(shards) shards are too few for \(nodes) nodes: \(nodes - shards) host none"
        case .placedAgain: "shards can be placed again"
        case .startsRemembered(let count): "\(count) remembered entities start again"
        case .storeRefuses(let trouble, let retryAt): "\(trouble.word), tried again from \(retryAt) s on"
        case .storeRecovered: "entities are remembered again"
        case .leaseLapsed: "the lease has lapsed, every entity pauses"
        case .leaseValid: "the lease is valid again"
        case .formerOrder: "order of a former coordinator refused"
        }
    }
}

extension StoreTrouble {
    /// The trouble in printed lines.
    package var word: String {
        "which entities are remembered cannot be \(isReading ? "read" : "written"): \(error ?? "unknown")"
    }
}

extension ShardTransition {
    /// The transition in printed lines.
    ///
    /// - Parameter name: The name of a node.
    package func word(_ name: (UniqueAddress) -> String) -> String {
        switch stage {
        case .starting(let former):
            "shard \(shard) starts on \(name(home))" + (former.map { ", waits for what \(name($0)) has left" } ?? "")
        case .closing(let target, let waiting):
            "shard \(shard) \(name(home)) → \(target.map(name) ?? "?"), waits for \(waiting.map(name).joined(separator: ","))"
        case .stopping(let target): "shard \(shard) \(name(home)) → \(target.map(name) ?? "?"), stops its entities"
        }
    }
}

extension EnvelopeLoss {
    /// The loss in JSON.
    package var word: String {
        switch self {
        case .ledger(let reason): reason.word
        case .killed(let node): "\(node) was killed"
        case .ended(let node): "\(node) had stopped"
        case .refused(let node, let state): "\(node) does not run: it is \(state.rawValue)"
        case .disconnected(let from, let to): "the connection from \(from) to \(to) was lost"
        }
    }
}

extension Unavailability {
    /// The kind of the cause in JSON.
    fileprivate var word: String {
        switch self {
        case .nodeRemoved: "node removed"
        case .nodeUnreachable, .coordinatorUnreachable: "node unreachable"
        case .waitsForLease, .coordinatorWaits, .noNodeWithRole, .noNode, .noHost, .allUnreachable, .allRefuse,
            .tooFewNodes:
            "no home"
        case .notHosted, .shardCountDiffers: "not hosted"
        }
    }
}

extension AllocationReason {
    fileprivate var word: String {
        switch self {
        case .asked: "asked"
        case .ownerRemoved: "owner removed"
        case .ownerStopped: "owner stopped"
        case .handoff: "handoff"
        case .ownerRefused: "owner refused"
        }
    }
}

extension MoveReason {
    fileprivate var word: String {
        switch self {
        case .rebalance: "rebalance"
        case .leaving: "leaving"
        case .drain: "drain"
        case .command: "command"
        case .pin: "pin"
        case .recovered: "recovered"
        }
    }
}

extension HandoffOutcome {
    fileprivate var word: String {
        switch self {
        case .done: "done"
        case .ownerRemoved: "owner removed"
        case .timedOut: "timed out"
        }
    }
}
