import CastyCore
import Synchronization
import Testing

@testable import CastyActors

@Suite("The table of watched actors")
struct WatchTableTests {
    /// A key that counts how often it is compared.
    struct Counted: Hashable {
        static let comparisons = Mutex(0)

        let number: Int

        static func == (left: Counted, right: Counted) -> Bool {
            comparisons.withLock { $0 += 1 }
            return left.number == right.number
        }

        func hash(into hasher: inout Hasher) { hasher.combine(number) }
    }

    @Test("does what a list searched from its beginning does, in the same order", arguments: UInt64(1)...5)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = WatchTable<Int, Int>()
        var list: [(actor: Int, value: Int)] = []
        for step in 0..<2000 {
            let actor = random.below(40)
            let index = list.firstIndex { $0.actor == actor }
            switch random.below(3) {
            case 0,
                1 where random.below(2) == 0:
                table[actor] = step
                if let index { list[index].value = step } else { list.append((actor, step)) }
            default:
                #expect(table.remove(actor) == index.map { list.remove(at: $0).value })
            }
            #expect(table.count == list.count && table.isEmpty == list.isEmpty)
            #expect(table[actor] == list.first { $0.actor == actor }?.value)
            #expect(table.inOrder.map(\.actor) == list.map(\.actor))
            #expect(table.inOrder.map(\.value) == list.map(\.value))
        }
    }

    @Test("a thousand watched actors are added, found and removed with a few comparisons each")
    func comparisons() {
        var table = WatchTable<Counted, Int>()
        Counted.comparisons.withLock { $0 = 0 }
        for number in 0..<1000 { table[Counted(number: number)] = number }
        for number in (0..<1000).reversed() { #expect(table.remove(Counted(number: number)) == number) }
        // A list would take a million.
        #expect(Counted.comparisons.withLock { $0 } < 20_000)
        #expect(table.isEmpty)
    }
}
