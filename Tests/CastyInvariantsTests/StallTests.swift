import CastyActors
import CastyBenchmarks
import CastyCore
import CastyInvariants
import CastyMembership
import CastyObservability
import CastyPlacement
import CastySimulator
import CastyTestbed
import Testing

/// One connection of a cluster stands still, as after many losses in a row; all others, and new ones, are well.
@Suite("A connection that stands still")
struct StallTests {
    private func trial(seed: UInt64, mutations: MembershipMutations = []) throws -> MembershipTrial {
        var settings = MembershipSettings.responsive
        settings.mutations = mutations
        let trial = MembershipTrial(seed: seed, settings: settings)
        _ = try trial.form(4)
        trial.pass(.seconds(5))
        return trial
    }

    private func stall(_ trial: MembershipTrial, for time: Duration) {
        trial.simulation.network.link(from: "127.0.0.4", to: "127.0.0.3").stall(for: time)
    }

    @Test(
        "no member is marked or removed, and the association is dialled anew when that lasts long",
        arguments: [UInt64(1), 2, 3, 4])
    func nobodyGoes(seed: UInt64) throws {
        let trial = try trial(seed: seed)
        defer { trial.end() }
        let mark = trial.testbed.recorder.count
        stall(trial, for: .seconds(seed.isMultiple(of: 2) ? 100 : 8))
        trial.pass(.seconds(25))
        #expect(trial.events(.memberUnreachable, from: mark).isEmpty, "seed \(seed)")
        #expect(trial.events(.memberDown, from: mark).isEmpty, "seed \(seed)")
        #expect(trial.agrees, "seed \(seed)")
        let notes = trial.testbed.running.map(\.system.losses).joined().filter { $0.lossClass == .user }
        #expect(notes.isEmpty, "seed \(seed)")
    }

    @Test(
        "without calls a living node would be removed",
        .enabled(if: PlacementMutation.areCompiledIn, "swift test --traits Mutations"))
    func withoutProbeConnections() throws {
        let trial = try trial(seed: 1, mutations: [.neverOpensProbeConnections])
        defer { trial.end() }
        let mark = trial.testbed.recorder.count
        stall(trial, for: .seconds(8))
        trial.pass(.seconds(25))
        #expect(!trial.events(.memberRemoved, from: mark).isEmpty)
    }

    @Test("a node that hangs meanwhile is noticed as soon as ever", arguments: [UInt64(1), 2, 3])
    func freeze(seed: UInt64) throws {
        let trial = try trial(seed: seed)
        defer { trial.end() }
        stall(trial, for: .seconds(30))
        trial.pass(.seconds(3))
        let mark = trial.testbed.recorder.count
        let start = trial.now
        try trial.testbed.freeze(3)
        let survivors = trial.testbed.running
        func noticed() -> [Duration] {
            let events = trial.events(.memberUnreachable, from: mark).filter { $0.subject == "n3" }
            return survivors.compactMap { node in events.first { $0.node == node.name }.map { $0.time - start } }
        }
        _ = trial.wait(.seconds(10)) { noticed().count == survivors.count }
        let times = noticed().sorted()
        #expect(times.count == 3 && times[0] <= .seconds(2) && times[2] <= .seconds(3), "seed \(seed): \(times)")
    }
}
