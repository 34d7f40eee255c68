import CastyInvariants
import Testing

/// A hundred thousand frames; `casty fuzz` sends more.
@Suite("Fuzzing", .timeLimit(.minutes(15)))
struct FrameFuzzerTests {
    @Test("Frames that nearly follow the protocol of any sender leave a node bounded and answering")
    func frames() throws {
        let report = try FrameFuzzer().run(frames: 100_000, seed: 2026)
        #expect(report.frames >= 100_000)
        #expect(report.faults.isEmpty)
        // They are made from enough, get deep enough, and are wrong enough.
        #expect(report.samples > 40)
        #expect(report.closed > 0)
        for role in FrameFuzzer.Role.allCases { #expect(report.framesByRole[role, default: 0] > 1000, "\(role)") }
    }

    @Test("A run follows from its seed")
    func repeats() throws {
        let (first, second) = (
            try FrameFuzzer().run(frames: 6000, seed: 7), try FrameFuzzer().run(frames: 6000, seed: 7)
        )
        #expect(first.closed == second.closed && first.samples == second.samples)
        #expect(first.endedByMember == second.endedByMember && first.frames == second.frames)
    }
}
