public import CastySharding

/// What every store of remembered entities promises, see `RememberedEntityStore`.
public enum RememberedConformance {
    /// A check of a store of remembered entities.
    public typealias Check = StoreCheck<any RememberedEntityStore>

    /// All checks, in the order in which they are best looked at.
    public static let checks: [Check] = [
        Check(
            "latest-change", "an entity is remembered from its start to its stop, and every opener reads it"
        ) { try await RememberedChecks($0, $1).sets() },
        Check(
            "pages", "pages of any size have each entity that is remembered all the while exactly once"
        ) { try await RememberedChecks($0, $1).pages() },
        Check(
            "former-owner", "no call of a former owner is served once the next one has used the store"
        ) { try await RememberedChecks($0, $1).formerOwner() },
        Check(
            "later-opener", "the next owner counts though it has opened the store after the former one's last call"
        ) { try await RememberedChecks($0, $1).laterOwners() },
        Check(
            "second-cluster", "a second cluster is refused, whatever its token"
        ) { try await RememberedChecks($0, $1).secondCluster() },
        Check(
            "many-at-once", "of each of many entities that start and stop at once the last change counts"
        ) { try await RememberedChecks($0, $1).turns() },
        Check(
            "number-of-shards",
            "with another number of shards all entities are found, and a node with the former one is refused"
        ) { try await RememberedChecks($0, $1).layouts() },
        Check(
            "race", "a start that succeeds while the next owner reads is what that reads"
        ) { try await RememberedChecks($0, $1).races() },
        Check(
            "eight-openers", "eight nodes that open a new store at once all use the same one"
        ) { try await RememberedChecks($0, $1).openers() },
        Check(
            "crash-points", "after a crash at any write every change that was acknowledged counts, and no other is lost"
        ) { try await RememberedScript().check($0, $1) },
    ]
}

/// The checks' bodies; each uses a type of its own.
struct RememberedChecks: Sendable {
    let open: TestedStore<any RememberedEntityStore>.Open
    let findings: Findings

    init(_ store: TestedStore<any RememberedEntityStore>, _ findings: Findings) {
        (open, self.findings) = (store.open, findings)
    }

    /// The entities of all shards, read in small pages, sorted; what is wrong with the pages is a finding.
    func all(
        _ store: any RememberedEntityStore, _ type: String, of count: Int = 1, page limit: Int = 3, fence: ShardFence
    ) async throws -> [String] {
        var found: [String] = []
        for number in 0..<count {
            let shard = StoreShard(type: type, number: number, of: count)
            var (cursor, pages): (String?, Int) = (nil, 0)
            repeat {
                let page = try await store.load(shard, after: cursor, limit: limit, fence: fence)
                if page.entities.count > limit {
                    findings.add("expected a page of \(limit) entities, found \(page.entities.count)")
                }
                found += page.entities
                (cursor, pages) = (page.next, pages + 1)
            } while cursor != nil && pages < 1000
            if cursor != nil { findings.add("expected that pages of \(limit) come to an end, found 1000 of them") }
        }
        return found.sorted()
    }
}

/// The shard of an entity.
func shard(_ id: String, _ type: String, of count: Int = 1) -> StoreShard {
    StoreShard(type: type, number: entity(id, type, of: count).shard, of: count)
}
