import Testing

@testable import CastyBenchmarks

@Suite("Counted instructions")
struct InstructionTests {
    private let baseline = """
        {"event":"bench-instructions","name":"tell","operation":"message","instructions":100}
        {"event":"bench-instructions","name":"ask","operation":"ask","instructions":2000.5}
        """

    private func count(_ name: String, _ instructions: Double) -> InstructionCount {
        InstructionCount(name: name, operation: "message", instructions: instructions)
    }

    @Test("a count is worse only beyond the tolerance")
    func verdicts() throws {
        let baseline = try InstructionBaseline(baseline)
        #expect(baseline.verdict(of: count("tell", 115), tolerance: 0.15) == .same(1.15))
        #expect(baseline.verdict(of: count("tell", 116), tolerance: 0.15) == .worse(1.16))
        #expect(baseline.verdict(of: count("tell", 80), tolerance: 0.15) == .better(0.8))
        #expect(baseline.verdict(of: count("ring", 1), tolerance: 0.15) == .unknown)
    }

    @Test("what a count prints is read back as a baseline")
    func roundTrip() throws {
        let before = try InstructionBaseline(count("tell", 98.62).json)
        #expect(before.verdict(of: count("tell", 98.6), tolerance: 0.01) == .same(1))
    }

    @Test("a baseline that is none says which line", arguments: ["", "\n", "tell 100"])
    func bad(text: String) {
        #expect(throws: BenchError.self) { try InstructionBaseline(text) }
        let error = #expect(throws: BenchError.self) { try InstructionBaseline(baseline + "\n{}") }
        #expect(error?.description.contains("line 3") == true)
    }

    @Test("the sum is read from the counter's last lines")
    func total() {
        #expect(InstructionCounter.total(in: "==1== \n==1== I   refs:      2,574,494,971\n") == 2_574_494_971)
        #expect(InstructionCounter.total(in: "==1== D   refs:      1,000\n") == nil)
        #expect(InstructionCounter.total(in: "valgrind: no") == nil)
    }

    @Test("each kind of work has a name of its own and two different amounts")
    func work() throws {
        let all = CountedWork.all
        #expect(Set(all.map(\.name)).count == all.count)
        #expect(all.allSatisfy { $0.amounts.lowerBound < $0.amounts.upperBound })
        try all.first { $0.name == "binary coder, 100 bytes" }?.perform(3)
        #expect(all.contains { $0.name == "tell, one to one" })
    }
}
