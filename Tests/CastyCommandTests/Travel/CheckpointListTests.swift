import CastyCore
import Testing

@testable import CastyCommand

@Suite("The checkpoints of a run")
struct CheckpointListTests {
    private typealias List = CheckpointList<Int>

    private func entry(_ second: Int, commands: Int = 0) -> List.Entry {
        List.Entry(time: .start + .seconds(second), commands: commands, handle: second)
    }

    private func list(_ seconds: some Sequence<Int>, limit: Int = 60) -> List {
        var list = List(limit: limit, spacing: .seconds(1))
        for second in seconds { _ = list.add(entry(second)) }
        return list
    }

    private func at(_ second: Int) -> Instant { .start + .seconds(second) }

    @Test("going back takes the latest one before the time")
    func back() {
        let list = list([0, 4, 8])
        #expect(list.best(for: at(7), from: at(10))?.handle == 4)
        #expect(list.best(for: at(8), from: at(10))?.handle == 8)
        #expect(list.best(for: at(1), from: at(10))?.handle == 0)
    }

    @Test("going forward takes one only if it is on the way")
    func forward() {
        let list = list([0, 4, 8])
        #expect(list.best(for: at(9), from: at(5))?.handle == 8)
        #expect(list.best(for: at(7), from: at(5)) == nil)
    }

    @Test("one near another is not needed")
    func near() {
        var list = List(limit: 60, spacing: .seconds(2))
        #expect(list.add(entry(0)) == nil)
        #expect(list.add(entry(1)) == 1)
        #expect(list.add(entry(4)) == nil)
        #expect(list.add(entry(3)) == 3)
        #expect(list.entries.map(\.handle) == [0, 4])
    }

    @Test("a new course of the run discards those of the old one")
    func branch() {
        var list = list([0, 4])
        _ = list.add(entry(8, commands: 2))
        _ = list.add(entry(12, commands: 2))
        #expect(list.branch(at: at(8), commands: 1) == [8, 12])
        #expect(list.entries.map(\.handle) == [0, 4])
    }

    @Test("one that contains no more commands than the new course stays")
    func sameCommands() {
        var list = list([0, 4])
        #expect(list.branch(at: at(4), commands: 0) == [])
    }

    @Test(
        "however long the run, the start stays, the number is bounded, and the gaps grow with the age",
        arguments: [300, 3000])
    func thinned(_ seconds: Int) {
        var list = List(limit: 60, spacing: .seconds(1))
        var closed: [Int] = []
        for second in stride(from: 0, through: seconds, by: 2) {
            if let handle = list.add(entry(second)) { closed.append(handle) }
            #expect(list.entries.count <= 60)
        }
        let kept = list.entries.map(\.handle)
        #expect(kept.first == 0)
        #expect(kept.last == seconds)
        #expect((closed + kept).sorted() == Array(stride(from: 0, through: seconds, by: 2)))
        let gaps = zip(kept.dropFirst(), kept).map { $0 - $1 }
        #expect(gaps.suffix(5).max() ?? 99 <= max(4, seconds / 60))
        // Five minutes: a time is at most this far behind a checkpoint.
        if seconds == 300 { #expect(gaps.max() ?? 99 <= 14) }
    }
}
