import CastyCore
import CastySharding
import CastySimulator
import CastyStoreConformance
import Synchronization
import Testing

@testable import CastyTestbed

@Suite("Journals on a simulated disk do what every store must")
struct JournalConformanceTests {
    /// A disk, and the stores of nodes that reach it; a node for each opening.
    private final class Nodes: Sendable {
        let disk = SimulatedDisk(generator: SeededGenerator(seed: 1))
        private let opened = Mutex(0)
        private let crashes = Mutex(0)
        private let found = Mutex<[String]>([])

        func open(crashingAt write: Int? = nil) -> JournalStore {
            let number = opened.withLock { opened in
                opened += 1
                return opened
            }
            if let write {
                crashes.withLock { $0 += 1 }
                disk.crash(of: "n\(number)", atWrite: write)
            }
            // What the oracle sees is right where an opener that has crashed does not go on.
            let oracle = DurableOracle { [self] id, entity, text in
                found.withLock { $0.append("\(id) \(entity) \(text)") }
            }
            return JournalStore(disk, node: "n\(number)", oracle: oracle)
        }

        var violations: [String] { found.withLock { $0 } }

        /// How many openings were to crash.
        var crashing: Int { crashes.withLock { $0 } }
    }

    @Test("states and their reminders", arguments: StoreConformance.checks)
    func states(check: StoreConformance.Check) async throws {
        let nodes = Nodes()
        let outcome = try await check.run(
            on: TestedStore(crashing: { RemindingJournalStore(nodes.open(crashingAt: $0)) }) {
                RemindingJournalStore(nodes.open())
            })
        #expect(outcome == .passed)
        #expect(nodes.crashing > 20 || check.name != "crash-points")
    }

    @Test("events and their reminders", arguments: EventConformance.checks)
    func events(check: EventConformance.Check) async throws {
        let nodes = Nodes()
        let outcome = try await check.run(
            on: TestedStore(crashing: { RemindingJournalStore(nodes.open(crashingAt: $0)) }) {
                RemindingJournalStore(nodes.open())
            })
        #expect(outcome == .passed)
        #expect(nodes.crashing > 20 || check.name != "crash-points")
    }

    @Test("remembered entities", arguments: RememberedConformance.checks)
    func remembered(check: RememberedConformance.Check) async throws {
        let nodes = Nodes()
        let oneThread = "a simulated world has one thread, on which calls come one after the other"
        let excused = [
            "many-at-once": oneThread, "race": oneThread, "eight-openers": oneThread,
            "number-of-shards": "the types of a simulated world never change their number of shards",
        ]
        let outcome = try await check.run(
            on: TestedStore(crashing: { nodes.open(crashingAt: $0) }, excused: excused) { nodes.open() })
        #expect((outcome == .passed) == (excused[check.name] == nil))
        #expect(nodes.crashing > 20 || check.name != "crash-points")
    }
}
