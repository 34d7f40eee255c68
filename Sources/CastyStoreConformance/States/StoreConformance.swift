public import CastySharding

/// What every store of entities' states promises, see `EntityStore`, and what one with reminders promises beside it, see
/// `RemindingEntityStore`.
///
/// The checks are those by which the stores of this package are tested.
public enum StoreConformance {
    /// A check of a store of states.
    public typealias Check = StoreCheck<any EntityStore>

    /// All checks, in the order in which they are best looked at.
    public static let checks: [Check] = [
        Check(
            "latest-state", "a state is read as it was saved last, by every opener"
        ) {
            try await StateChecks($0, $1).latest()
        },
        Check(
            "any-bytes", "ids of any letters, empty states and large ones are read as they were saved"
        ) {
            try await StateChecks($0, $1).anyBytes()
        },
        Check(
            "deletes", "a deleted state is gone for every opener, and can be saved anew"
        ) {
            try await StateChecks($0, $1).deletes()
        },
        Check(
            "former-owner", "no call of a former owner is served once the next one has used the store"
        ) {
            try await StateChecks($0, $1).formerOwner()
        },
        Check(
            "order-of-tokens", "tokens are ordered by coordinator, then by start, then by sequence"
        ) {
            try await StateChecks($0, $1).tokens()
        },
        Check(
            "later-opener", "the next owner counts though it has opened the store after the former one's last call"
        ) {
            try await StateChecks($0, $1).laterOwners()
        },
        Check(
            "second-cluster", "a second cluster is refused, whatever its token"
        ) {
            try await StateChecks($0, $1).secondCluster()
        },
        Check(
            "two-clusters-at-once", "of two clusters that begin at once one is served at most"
        ) {
            try await StateChecks($0, $1).twoClusters()
        },
        Check(
            "number-of-shards",
            "states are found with another number of shards, and a node with the former one is refused"
        ) {
            try await StateChecks($0, $1).layouts()
        },
        Check(
            "many-at-once", "of each of many entities that are saved at once the last state counts"
        ) {
            try await StateChecks($0, $1).manyAtOnce()
        },
        Check(
            "race",
            "a save that succeeds while the next owner loads is what that reads; one that is refused is read by none"
        ) {
            try await StateChecks($0, $1).races()
        },
        Check(
            "eight-openers", "eight nodes that open a new store at once all use the same one"
        ) {
            try await StateChecks($0, $1).openers()
        },
        Check(
            "reminders", "times are saved with the state, and replaced and removed with it"
        ) {
            try await StateChecks($0, $1).reminders()
        },
        Check(
            "crash-points", "after a crash at any write all that was acknowledged is there, and nothing in part"
        ) {
            try await StateScript().check($0, $1)
        },
    ]
}

/// The checks' bodies; each uses types of entities of its own.
struct StateChecks: Sendable {
    let open: TestedStore<any EntityStore>.Open
    let findings: Findings

    init(_ store: TestedStore<any EntityStore>, _ findings: Findings) {
        (open, self.findings) = (store.open, findings)
    }

    /// Loads a state by the one that has written, and by a new opener.
    func expect(
        _ key: EntityKey, by writer: any EntityStore, is state: [UInt8]?, _ what: String, fence: ShardFence = token(1)
    ) async throws {
        findings.expect("\(what), read by the writer", try await writer.load(key, fence: fence), is: state)
        findings.expect("\(what), read by another opener", try await open().load(key, fence: fence), is: state)
    }
}
