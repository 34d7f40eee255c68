import CastyCluster
import CastySharding
import CastyStoreConformance
import Testing

/// As ``FaultTests``, for stores of remembered entities and for those that belong to one cluster.
@Suite("The checks of other stores find what is wrong")
struct OtherFaultTests {
    private static let remembered: [(RememberedFault, String)] = [
        (.forgetsStops, "latest-change"),
        (.hasOnePage, "pages"),
        (.repeatsAnEntity, "pages"),
        (.ignoresTokens, "former-owner"),
        (.changesForFormerOwners, "former-owner"),
        (.doesNotWriteTokensOfReads, "former-owner"),
        (.eachOpenerHasItsOwnTokens, "later-opener"),
        (.separatesClusters, "second-cluster"),
        (.losesWhatComesAtOnce, "many-at-once"),
        (.separatesNumbersOfShards, "number-of-shards"),
        (.checksTokensBeforeItWaits, "race"),
        (.isAnotherStoreForTheFifthOpener, "eight-openers"),
        (.acknowledgesBeforeItWrites, "crash-points"),
    ]

    private static let clusters: [(ClusterFault, String)] = [
        (.eachOpenerHasItsOwnIdentity, "identity"),
        (.doesNotSayWhoHasTakenIt, "belongs"),
        (.takesEveryCluster, "second-cluster"),
        (.ignoresNames, "second-cluster"),
        (.looksBeforeItTakes, "two-clusters-at-once"),
    ]

    private func tested(_ fault: RememberedFault) -> TestedStore<any RememberedEntityStore> {
        let medium = RememberedMedium(fault)
        return TestedStore(crashing: { medium.open(crashingAt: $0) }) { medium.open() }
    }

    private func tested(_ fault: ClusterFault) -> TestedStore<any ClusterStore> {
        let medium = FaultyClusterStore.Medium(fault)
        return TestedStore { medium.open() }
    }

    @Test("A store of remembered entities without a fault passes all", arguments: RememberedConformance.checks)
    func rightRemembered(check: RememberedConformance.Check) async throws {
        #expect(try await check.run(on: tested(RememberedFault.none)) == .passed)
    }

    @Test("A store that belongs to one cluster without a fault passes all", arguments: ClusterStoreConformance.checks)
    func rightCluster(check: ClusterStoreConformance.Check) async throws {
        #expect(try await check.run(on: tested(ClusterFault.none)) == .passed)
    }

    @Test("A fault of remembered entities is found by the check that is for it", arguments: remembered)
    func wrongRemembered(fault: RememberedFault, name: String) async throws {
        let check = try #require(RememberedConformance.checks.first { $0.name == name })
        try expectFailure(try await check.outcome(on: tested(fault)), of: name)
    }

    @Test("A fault of belonging to a cluster is found by the check that is for it", arguments: clusters)
    func wrongCluster(fault: ClusterFault, name: String) async throws {
        let check = try #require(ClusterStoreConformance.checks.first { $0.name == name })
        try expectFailure(try await check.outcome(on: tested(fault)), of: name)
    }

    @Test("No check passes every faulty store, and no fault is left out")
    func complete() {
        #expect(Set(Self.remembered.map(\.1)) == Set(RememberedConformance.checks.map(\.name)))
        #expect(Set(Self.clusters.map(\.1)) == Set(ClusterStoreConformance.checks.map(\.name)))
        #expect(Set(Self.remembered.map(\.0)).union([.none]) == Set(RememberedFault.allCases))
        #expect(Set(Self.clusters.map(\.0)).union([.none]) == Set(ClusterFault.allCases))
    }
}
