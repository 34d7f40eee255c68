import CastyInvariants
import CastyScenario
import CastyTestbed
import Testing

/// A rule counts as exercised in a run when what it is about has happened there, not because it was looked at.
@Suite("Premises of the rules")
struct PremiseTests {
    private func exercised(_ story: String) throws -> Set<String> {
        let result = ScenarioRunner(try Scenario.parse(story, file: "premise.casty"), checkers: .all).run()
        #expect(result.status == .passed)
        return result.exercised
    }

    private static let start =
        "nodes 3\nexpect members n1,n2,n3 up within 15s\nwait 2s\nspawn account-1..account-60\nexpect shards balanced within 20s\n"

    @Test("a cluster in which nothing changes exercises what is about views and heartbeats, and nothing else")
    func quiet() throws {
        let quiet = try exercised(Self.start + "wait 15s")
        #expect(quiet.isSuperset(of: ["M3", "M5", "F3", "F4"]))
        let changes: Set = [
            "M1", "M2", "M12", "M13", "M16", "M17", "F1", "F5", "F7", "F8", "P1", "P2", "P3", "P4", "P5", "P6", "P7",
            "S1",
            "S2", "S3", "S6", "S7", "S9", "S12", "S14", "K1", "R6", "R8",
        ]
        #expect(quiet.isDisjoint(with: changes), "\(quiet.intersection(changes).sorted())")
    }

    @Test("a node that is alone exercises no rule about others")
    func alone() throws {
        let alone = try exercised("nodes 1\nwait 2s\nspawn account-1..account-9\nwait 10s")
        #expect(alone.isDisjoint(with: ["M1", "M2", "M4", "M5", "M9", "M15", "F3", "F4", "S2", "S3"]))
    }

    @Test("a crash and a return exercise what is about them")
    func crash() throws {
        let crash = try exercised(
            Self.start + "load 50/s over 60 entities for 35s\nwait 2s\nkill n1\nwait 9s\nrestart n1\nwait 25s")
        #expect(crash.isSuperset(of: ["M1", "M2", "M3", "M13", "F1", "P6", "S1", "S2", "S3", "S4", "K1"]))
    }

    @Test("a handoff exercises what is about moves, and not what is about crashes")
    func move() throws {
        let moved = try exercised(Self.start + "load 50/s over 60 entities for 6s\nwait 1s\ndrain n3\nwait 12s")
        #expect(moved.isSuperset(of: ["S1", "S2", "S14"]))
        #expect(moved.isDisjoint(with: ["M1", "M2", "M13", "S3", "S9", "P1"]))
    }
}
