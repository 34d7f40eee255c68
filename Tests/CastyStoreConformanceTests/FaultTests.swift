import CastySharding
import CastyStoreConformance
import Testing

/// Each fault with the check that must find it. A fault may be found by other checks as well.
@Suite("The checks of stores find what is wrong")
struct FaultTests {
    private static let states: [(Fault, String)] = [
        (.ignoresTypes, "latest-state"),
        (.isAnotherStoreForTheSecondOpener, "latest-state"),
        (.cutsIDsAtZero, "any-bytes"),
        (.forgetsDeletes, "deletes"),
        (.ignoresTokens, "former-owner"),
        (.savesForFormerOwners, "former-owner"),
        (.deletesForFormerOwners, "former-owner"),
        (.doesNotWriteTokensOfReads, "former-owner"),
        (.ignoresCoordinators, "order-of-tokens"),
        (.eachOpenerHasItsOwnTokens, "later-opener"),
        (.ignoresTokens, "second-cluster"),
        (.separatesClusters, "two-clusters-at-once"),
        (.separatesNumbersOfShards, "number-of-shards"),
        (.losesWhatComesAtOnce, "many-at-once"),
        (.checksTokensBeforeItWaits, "race"),
        (.isAnotherStoreForTheFifthOpener, "eight-openers"),
        (.forgetsTimes, "reminders"),
        (.acknowledgesBeforeItWrites, "crash-points"),
        (.neverCrashes, "crash-points"),
    ]

    private static let events: [(Fault, String)] = [
        (.losesTheSecondOfABatch, "appends"),
        (.appendsAfterAnyEvent, "conflicts"),
        (.forgetsVersions, "any-bytes"),
        (.ignoresLimits, "pages"),
        (.forgetsDeletesOfEvents, "deletes"),
        (.ignoresTags, "queries"),
        (.skipsAnEventAfterAnOffset, "queries"),
        (.ignoresTokens, "former-owner"),
        (.savesForFormerOwners, "former-owner"),
        (.deletesForFormerOwners, "former-owner"),
        (.doesNotWriteTokensOfReads, "former-owner"),
        (.eachOpenerHasItsOwnTokens, "later-opener"),
        (.isAnotherStoreForTheSecondOpener, "owners-in-turn"),
        (.separatesClusters, "second-cluster"),
        (.separatesNumbersOfShards, "number-of-shards"),
        (.losesWhatComesAtOnce, "many-at-once"),
        (.checksTokensBeforeItWaits, "race"),
        (.isAnotherStoreForTheFifthOpener, "eight-openers"),
        (.forgetsTimes, "reminders"),
        (.acknowledgesBeforeItWrites, "crash-points"),
        (.writesBatchesInParts, "crash-points"),
    ]

    private func tested<Store>(_ fault: Fault, _ opener: @escaping @Sendable (FaultyStore) -> Store) -> TestedStore<
        Store
    > {
        let medium = FaultyMedium(fault)
        return TestedStore(crashing: { opener(medium.open(crashingAt: $0)) }) { opener(medium.open()) }
    }

    @Test("A store of states without a fault passes all", arguments: StoreConformance.checks)
    func rightStates(check: StoreConformance.Check) async throws {
        #expect(try await check.run(on: tested(.none) { $0 }) == .passed)
    }

    @Test("A store of events without a fault passes all", arguments: EventConformance.checks)
    func rightEvents(check: EventConformance.Check) async throws {
        #expect(try await check.run(on: tested(.none) { $0 }) == .passed)
    }

    @Test("A fault of states is found by the check that is for it", arguments: states)
    func wrongStates(fault: Fault, name: String) async throws {
        let check = try #require(StoreConformance.checks.first { $0.name == name })
        try expectFailure(try await check.outcome(on: tested(fault) { $0 }), of: name)
    }

    @Test("A fault of events is found by the check that is for it", arguments: events)
    func wrongEvents(fault: Fault, name: String) async throws {
        let check = try #require(EventConformance.checks.first { $0.name == name })
        try expectFailure(try await check.outcome(on: tested(fault) { $0 }), of: name)
    }

    @Test("No check passes every faulty store, and no fault is left out")
    func complete() {
        #expect(Set(Self.states.map(\.1)) == Set(StoreConformance.checks.map(\.name)))
        #expect(Set(Self.events.map(\.1)) == Set(EventConformance.checks.map(\.name)))
        #expect(Set((Self.states + Self.events).map(\.0)).union([.none]) == Set(Fault.allCases))
    }

    @Test("A failed check throws its name, its promise, and what was expected and found")
    func words() async throws {
        let check = try #require(StoreConformance.checks.first { $0.name == "deletes" })
        let store: TestedStore<any EntityStore> = tested(.forgetsDeletes) { $0 }
        let failure = await #expect(throws: StoreCheckFailure.self) { try await check.run(on: store) }
        #expect(failure?.check == "deletes")
        #expect(failure?.promise == check.promise)
        #expect(failure?.findings.first == "a deleted entity, read by the writer: expected none, found [1]")
        #expect(failure?.description.hasPrefix("deletes: \(check.promise)\n  a deleted entity") == true)
    }

    @Test("A check that the store does not support, or is excused from, is skipped with the reason")
    func skipped() async throws {
        let report = try await ConformanceReport(StoreConformance.checks) { _ in
            let store = InMemoryEntityStore()
            return TestedStore(excused: ["race": "it has one user"]) { StatesOnly(store) }
        }
        #expect(report.failures == [])
        #expect(report.skipped.keys.sorted() == ["crash-points", "race", "reminders"])
        #expect(report.skipped["race"] == "it has one user")
        #expect(report.skipped["crash-points"]?.contains("no opener that crashes") == true)
        #expect(report.skipped["reminders"]?.contains("RemindingEntityStore") == true)
        #expect(report.description.contains("\nrace: skipped: it has one user\n"))
        #expect(report.description.contains("latest-state: passed\n"))
    }
}

/// - Parameter name: That of the check.
func expectFailure(_ outcome: StoreCheckOutcome, of name: String) throws {
    guard case .failed(let failure) = outcome else {
        Issue.record("\(name): \(outcome)")
        return
    }
    #expect(failure.check == name)
    #expect(!failure.findings.isEmpty)
}

/// A store of states without reminders.
private final class StatesOnly: EntityStore {
    private let store: InMemoryEntityStore

    init(_ store: InMemoryEntityStore) { self.store = store }

    func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? {
        try await store.load(key, fence: fence)
    }

    func save(_ state: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try await store.save(state, for: key, fence: fence)
    }

    func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try await store.delete(key, fence: fence)
    }
}
