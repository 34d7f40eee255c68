public import CastySharding

/// What every store of entities' events promises, see `EventStore`, and what one with reminders promises beside it, see
/// `RemindingEventStore`.
///
/// A store of events is one of states too: it passes the checks of ``StoreConformance`` as well.
public enum EventConformance {
    /// A check of a store of events.
    public typealias Check = StoreCheck<any EventStore>

    /// All checks, in the order in which they are best looked at.
    public static let checks: [Check] = [
        Check(
            "appends", "events are read as they were appended, in batches of one and more, beside the snapshot"
        ) { try await EventChecks($0, $1).appends() },
        Check(
            "conflicts", "an append after another event than the last one is refused and has no effect"
        ) { try await EventChecks($0, $1).conflicts() },
        Check(
            "any-bytes", "manifests, versions, tags of any letters, empty payloads and large ones are read back"
        ) { try await EventChecks($0, $1).anyBytes() },
        Check(
            "pages", "an entity's events come in pages of any size, in order, with the number of the last one"
        ) { try await EventChecks($0, $1).pages() },
        Check(
            "deletes", "deleted events are gone for every opener, and their numbers are not used again"
        ) { try await EventChecks($0, $1).deletions() },
        Check(
            "queries", "queries by type, entity and tag deliver every matching event once, from every offset on"
        ) { try await EventChecks($0, $1).queries() },
        Check(
            "former-owner", "no call of a former owner is served once the next one has used the store"
        ) { try await EventChecks($0, $1).formerOwner() },
        Check(
            "later-opener", "the next owner counts though it has opened the store after the former one's last call"
        ) { try await EventChecks($0, $1).laterOwners() },
        Check(
            "owners-in-turn", "events of owners that come in turn are one log, for them and for queries"
        ) { try await EventChecks($0, $1).owners() },
        Check(
            "second-cluster", "a second cluster is refused, whatever its token"
        ) { try await EventChecks($0, $1).secondCluster() },
        Check(
            "number-of-shards",
            "events are found with another number of shards, and a node with the former one is refused"
        ) { try await EventChecks($0, $1).layouts() },
        Check(
            "many-at-once", "a query that runs during the appends of many entities misses none and repeats none"
        ) { try await EventChecks($0, $1).manyAtOnce() },
        Check(
            "race", "an append that succeeds while the next owner reads is what that reads, as a whole"
        ) { try await EventChecks($0, $1).races() },
        Check(
            "eight-openers", "eight nodes that open a new store at once append to the same one"
        ) { try await EventChecks($0, $1).openers() },
        Check(
            "reminders", "times are set with the events of a batch or not at all, and stay until they are changed"
        ) { try await EventChecks($0, $1).reminders() },
        Check(
            "crash-points", "after a crash at any write all that was acknowledged is there, and no batch in part"
        ) { try await EventScript().check($0, $1) },
    ]
}

/// The checks' bodies; each uses types of entities of its own.
struct EventChecks: Sendable {
    let open: TestedStore<any EventStore>.Open
    let findings: Findings

    init(_ store: TestedStore<any EventStore>, _ findings: Findings) {
        (open, self.findings) = (store.open, findings)
    }

    /// The payloads of all events of an entity, read in small pages; what is wrong with their numbers is a finding.
    func all(
        _ store: any EventStore, _ key: EntityKey, _ fence: ShardFence, page: Int = 3
    ) async throws -> (payloads: [[UInt8]], last: UInt64) {
        var (payloads, after): ([[UInt8]], UInt64) = ([], 0)
        while true {
            let read = try await store.events(of: key, after: after, limit: page, fence: fence)
            if read.events.count > page {
                findings.add("\(key.id): expected a page of \(page) events, found \(read.events.count)")
            }
            let former = after
            for event in read.events {
                if after != 0 { findings.expect("\(key.id): the number after \(after)", event.sequence, is: after + 1) }
                if event.entity != key.id || event.type != key.type {
                    findings.add("expected events of \(key.type) \(key.id), found \(event)")
                }
                after = event.sequence
                payloads.append(event.record.payload)
            }
            if read.events.count < page || after <= former { return (payloads, read.last) }
        }
    }

    /// All events that match, read page by page.
    func delivered(_ store: any EventStore, _ filter: EventFilter, page: Int = 4) async throws -> [StoredEvent] {
        var events: [StoredEvent] = []
        for try await element in store.eventLog(filter, page: page) { events.append(element.event) }
        return events
    }
}

/// An event of the checks.
func record(_ number: UInt8, tags: [String] = []) -> EventRecord {
    EventRecord(payload: [number], manifest: "added", version: 3, tags: tags)
}
