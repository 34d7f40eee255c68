import CastyInvariants
import Testing

@testable import CastyCommand

@Suite("The progress of an exploration")
struct ExploreProgressTests {
    private static let half = ExploreProgress(
        done: 312, total: 1000, failures: 2, exercised: 61, rules: 68, seconds: 26)

    @Test("the line says how much is done, how fast, how long it takes, and what came out")
    func line() {
        #expect(
            Self.half.text(columns: 120, .plain)
                == "[█████████░░░░░░░░░░░░░░░░░░░░░] 312/1000 seeds  12.0/s  ETA 0:58  2 failed  61/68 rules")
        let ascii = TextStyle(isColoured: false, isUnicode: false)
        #expect(Self.half.text(columns: 80, ascii).hasPrefix("[#####"))
        #expect(Self.half.text(columns: 80, ascii).utf8.allSatisfy { $0 < 0x80 })
    }

    @Test("it never fills the last column", arguments: [0, 1, 20, 56, 60, 66, 80, 200])
    func fits(columns: Int) {
        #expect(Self.half.text(columns: columns, .plain).count <= max(0, columns - 1))
    }

    @Test("without room for a bar the numbers remain")
    func narrow() {
        #expect(
            Self.half.text(columns: 60, .plain) == "312/1000 seeds  12.0/s  ETA 0:58  2 failed  61/68 rules")
    }

    @Test("before the first seed is done, nothing is known about the end")
    func start() {
        let start = ExploreProgress(done: 0, total: 10, failures: 0, exercised: 0, rules: 68, seconds: 0)
        #expect(start.text(columns: 50, .plain) == "0/10 seeds  0.0/s  ETA -  0 failed  0/68 rules")
    }

    @Test("durations and rates have few digits")
    func numbers() {
        #expect(
            [0, 0.2, 59.9, 61, 3600, 5025].map(ExploreProgress.clock) == [
                "0:00", "0:01", "1:00", "1:01", "1:00:00", "1:23:45",
            ])
        #expect(
            [0, 0.04, 9.96, 99.94, 100, 1234.6].map(ExploreProgress.rate) == [
                "0.0", "0.0", "10.0", "99.9", "100", "1234",
            ])
    }

    @Test("a rule that was never exercised comes with what would exercise it")
    func occasions() {
        #expect(
            ExploreReport.occasions(of: ["F7", "S14"]) == [
                "    F7   needs a freeze longer than the detection time, then a thaw", "    S14  needs a handoff",
            ])
    }

    @Test("every rule has such words", arguments: InvariantChecks.ids)
    func everyRule(id: String) {
        let words = InvariantChecks.occasion(of: id) ?? ""
        #expect(!words.isEmpty && words.count <= 56)
    }
}
