public import CastyCluster
import CastyCore

/// What every store that belongs to one cluster promises, see `ClusterStore`.
public enum ClusterStoreConformance {
    /// A check of a store that belongs to one cluster.
    public typealias Check = StoreCheck<any ClusterStore>

    /// All checks, in the order in which they are best looked at.
    public static let checks: [Check] = [
        Check(
            "identity", "every opener says the same identity, eight that open a new store at once too"
        ) { try await ClusterChecks($0, $1).identity() },
        Check(
            "belongs", "a store belongs to the cluster that has taken it, and every opener says which one"
        ) { try await ClusterChecks($0, $1).belongs() },
        Check(
            "second-cluster", "a second cluster is refused, and so is one of another name"
        ) { try await ClusterChecks($0, $1).second() },
        Check(
            "two-clusters-at-once", "of clusters that take a new store at once exactly one gets it"
        ) { try await ClusterChecks($0, $1).atOnce() },
    ]
}

/// The checks' bodies; each needs a store that belongs to no cluster yet.
struct ClusterChecks: Sendable {
    let open: TestedStore<any ClusterStore>.Open
    let findings: Findings

    init(_ store: TestedStore<any ClusterStore>, _ findings: Findings) {
        (open, self.findings) = (store.open, findings)
    }

    func identity() async throws {
        let said = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try await open().identity } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        findings.expect("how many identities eight openers say", said.count, is: 1)
        findings.expect("what a later opener says", try await open().identity, is: said.min())
        if said.contains("") { findings.add("expected an identity that tells this store from others, found none") }
    }

    func belongs() async throws {
        let (first, second) = (try await open(), try await open())
        findings.expect("the cluster of a new store", try first.recallCluster(name: "shop"), is: nil)
        try first.belong(to: testCluster, name: "shop")
        try first.belong(to: testCluster, name: "shop")
        try second.belong(to: testCluster, name: "shop")
        for (name, store) in [("the one that took it", first), ("another", second), ("a later one", try await open())] {
            findings.expect("the cluster, by \(name)", try store.recallCluster(name: "shop"), is: testCluster)
            if try store.highestUpNumber() < 0 { findings.add("expected a number from 0, found less, by \(name)") }
        }
    }

    func second() async throws {
        let (first, second) = (try await open(), try await open())
        try first.belong(to: testCluster, name: "shop")
        for (name, store) in [
            ("the first opener", first), ("the second one", second), ("a later one", try await open()),
        ] {
            expectRefusal("another cluster takes it by \(name)") {
                try store.belong(to: secondCluster, name: "shop")
            }
            expectRefusal("a cluster of another name takes it by \(name)") {
                try store.belong(to: testCluster, name: "stall")
            }
            expectRefusal("a cluster of another name asks for it by \(name)") {
                _ = try store.recallCluster(name: "stall")
            }
        }
        findings.expect("the cluster after refusals", try await open().recallCluster(name: "shop"), is: testCluster)
    }

    /// - Parameter call: Anything it throws is a refusal: the error is for a person.
    private func expectRefusal(_ what: String, _ call: () throws -> Void) {
        if (try? call()) != nil { findings.add("\(what): expected an error, found that it is allowed") }
    }

    func atOnce() async throws {
        // All are open before the first takes it: what they have seen then does not help them.
        var stores: [(any ClusterStore, ClusterID)] = []
        for number in UInt64(1)...8 { stores.append((try await open(), ClusterID(high: 7, low: number))) }
        let taken = try await withThrowingTaskGroup(of: ClusterID?.self) { group in
            for (store, id) in stores {
                group.addTask {
                    (try? store.belong(to: id, name: "shop")) == nil ? nil : id
                }
            }
            return try await group.reduce(into: [ClusterID]()) { taken, id in if let id { taken.append(id) } }
        }
        findings.expect("how many of eight clusters have got the store", taken.count, is: 1)
        let owner = try await open().recallCluster(name: "shop")
        findings.expect("the cluster that the store belongs to", owner, is: taken.first)
    }
}
