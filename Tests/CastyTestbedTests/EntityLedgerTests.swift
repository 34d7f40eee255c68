import CastyCore
import CastyInvariants
import CastyTestbed
import Testing

@Suite("Books of an entity")
struct EntityLedgerTests {
    @Test("replies that rise one by one agree, and so does an end between acknowledged and attempted")
    func agrees() {
        var ledger = EntityLedger(opening: 10)
        for number in 1...3 {
            ledger.send(UInt64(number), .deposit(1))
            #expect(ledger.acknowledge(UInt64(number), balance: 10 + number).isEmpty)
        }
        ledger.send(4, .deposit(1))
        #expect(ledger.loseTrack(of: 4).isEmpty)
        #expect(ledger.acknowledged == 13)
        #expect(ledger.attempted == 14)
        #expect(ledger.close(balance: 13).isEmpty)
        #expect(ledger.close(balance: 14).isEmpty)
        #expect(ledger.close(balance: 12) == ["it ends at 12, though 13 was acknowledged: 1 lost"])
        #expect(ledger.close(balance: 15) == ["it ends at 15, though only 14 was attempted: 1 too many"])
    }

    @Test("what was refused counts as never attempted")
    func refused() {
        var ledger = EntityLedger(opening: 0)
        ledger.send(1, .deposit(1))
        #expect(ledger.refuse(1).isEmpty)
        #expect(ledger.attempted == 0)
        #expect(!ledger.close(balance: 1).isEmpty)
    }

    @Test("a reply that is not above what was acknowledged before it was sent has gone back")
    func goesBack() {
        var ledger = EntityLedger(opening: 0)
        ledger.send(1, .deposit(1))
        #expect(ledger.acknowledge(1, balance: 1).isEmpty)
        ledger.send(2, .read)
        #expect(ledger.acknowledge(2, balance: 0) == ["the reply went back: 0 after 1 had been acknowledged"])
        ledger.send(3, .deposit(1))
        #expect(
            ledger.acknowledge(3, balance: 1).first
                == "the reply went back: 1 after 1 had been acknowledged, to a deposit of 1")
    }

    @Test("overlapping deposits may be answered in any order, but not alike")
    func overlapping() {
        var ledger = EntityLedger(opening: 0)
        ledger.send(1, .deposit(1))
        ledger.send(2, .deposit(1))
        #expect(ledger.acknowledge(2, balance: 2).isEmpty)
        #expect(ledger.acknowledge(1, balance: 1).isEmpty)
        ledger.send(3, .deposit(1))
        ledger.send(4, .deposit(1))
        #expect(ledger.acknowledge(3, balance: 3).isEmpty)
        #expect(ledger.acknowledge(4, balance: 3).first == "two deposits were answered with the same balance 3")
    }

    @Test("a reply above all that was attempted until then comes from nowhere")
    func fromNowhere() {
        var ledger = EntityLedger(opening: 5)
        ledger.send(1, .deposit(1))
        #expect(ledger.acknowledge(1, balance: 7).first == "the reply 7 is above all that was attempted, 6")
    }

    @Test("a gap below a reply needs a deposit of unknown outcome that was sent before the reply came")
    func gaps() {
        var ledger = EntityLedger(opening: 0)
        ledger.send(1, .deposit(1))
        ledger.send(2, .deposit(1))
        #expect(ledger.acknowledge(2, balance: 2).isEmpty)
        #expect(ledger.loseTrack(of: 1).isEmpty)
        // The one of unknown outcome has been handled by then: it cannot fill a second gap.
        ledger.send(3, .deposit(1))
        ledger.send(4, .deposit(1))
        #expect(ledger.acknowledge(3, balance: 4).isEmpty)
        #expect(ledger.refuse(4) == ["the balance 4 holds 1 that no deposit explains"])
    }

    @Test("a deposit that was sent after a reply does not explain it")
    func sentLater() {
        var ledger = EntityLedger(opening: 0)
        ledger.send(1, .deposit(1))
        ledger.send(2, .deposit(1))
        #expect(ledger.acknowledge(1, balance: 2).isEmpty)
        ledger.send(3, .deposit(1))
        #expect(ledger.refuse(2).isEmpty)
        #expect(ledger.loseTrack(of: 3) == ["the balance 2 holds 1 that no deposit explains"])
    }

    /// A counter that is right by being one number, and clients whose requests overlap, whose replies come late and some never.
    private struct Model {
        var balance = 0
        var ledger = EntityLedger(opening: 0)
        var waiting: [(number: UInt64, applies: Bool, reply: Int?)] = []
        var problems: [String] = []
        var number: UInt64 = 0

        /// - Parameter loses: How often the counter forgets a deposit that it has answered.
        mutating func run(_ generator: inout SeededGenerator, loses: Double) {
            for _ in 0..<400 {
                switch generator.unit() {
                case ..<0.4 where waiting.count < 4:
                    number += 1
                    ledger.send(number, .deposit(1))
                    waiting.append((number, true, nil))
                case ..<0.7:
                    // One that waits takes effect, in any order.
                    let open = waiting.indices.filter { waiting[$0].reply == nil && waiting[$0].applies }
                    guard let index = open.isEmpty ? nil : open[Int(generator.next() % UInt64(open.count))] else {
                        break
                    }
                    balance += 1
                    waiting[index].reply = balance
                    if generator.unit() < loses { balance -= 1 }
                default:
                    guard !waiting.isEmpty else { break }
                    let request = waiting.remove(at: Int(generator.next() % UInt64(waiting.count)))
                    if let reply = request.reply, generator.unit() < 0.9 {
                        problems += ledger.acknowledge(request.number, balance: reply)
                    } else if request.reply == nil, generator.unit() < 0.3 {
                        problems += ledger.refuse(request.number)
                    } else {
                        // It may still take effect later.
                        if request.reply == nil, generator.unit() < 0.5 { balance += 1 }
                        problems += ledger.loseTrack(of: request.number)
                    }
                }
            }
            for request in waiting { problems += ledger.loseTrack(of: request.number) }
            problems += ledger.close(balance: balance)
        }
    }

    @Test(
        "a right counter never contradicts its books, whatever overlaps, is refused or goes unanswered",
        arguments: 1...40)
    func rightCounter(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var model = Model()
        model.run(&generator, loses: 0)
        #expect(model.problems.isEmpty, "seed \(seed): \(model.problems)")
    }

    @Test("a counter that forgets acknowledged deposits is found out", arguments: 1...20)
    func forgetfulCounter(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var model = Model()
        model.run(&generator, loses: 0.1)
        #expect(!model.problems.isEmpty, "seed \(seed)")
    }
}

@Suite("Latencies of a load")
struct LatencyHistogramTests {
    @Test("percentiles are right to three per cent, from a microsecond to minutes")
    func percentiles() throws {
        var histogram = LatencyHistogram()
        #expect(histogram.percentile(0.5) == nil)
        for micros in 1...10_000 { histogram.add(.microseconds(micros * 10)) }
        for (share, expected) in [(0.5, 50_000.0), (0.9, 90_000), (0.99, 99_000), (0.001, 100)] {
            let found = try #require(histogram.percentile(share)) / .microseconds(1)
            #expect(abs(found - expected) <= expected * 0.035, "\(share): \(found) for \(expected)")
        }
        #expect(histogram.percentile(1) == .microseconds(100_000))
        histogram.add(.seconds(600))
        #expect(histogram.percentile(1) == .seconds(600))
        histogram.add(.seconds(Int64.max))
        #expect(histogram.count == 10_002)
    }
}
