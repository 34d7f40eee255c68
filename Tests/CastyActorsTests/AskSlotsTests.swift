import CastyCore
import Synchronization
import Testing

@testable import CastyActors

@Suite struct AskSlotsTests {
    /// A question that notes how it ends.
    private final class Question: AnyPendingAsk {
        let uid: UInt64
        let question: AnyActorCell
        let number = Atomic<UInt64>(0)

        init(_ uid: UInt64, _ question: AnyActorCell) {
            self.uid = uid
            self.question = question
        }

        func fail(_ error: AskError) {}
        func timedOut(after timeout: Duration) {}
        func waits(for node: NodeAddress) -> Bool { false }
    }

    private let cell: AnyActorCell

    init() throws {
        cell = try ManualWorld().system().spawn(Behavior<Int>.ignore).target
    }

    private func insert(
        _ slots: inout AskSlots, _ number: UInt64, at now: Instant = .start, within timeout: Duration = .seconds(1)
    ) throws -> (ticket: AskTicket, timer: AskSlots.Timer) {
        let inserted = slots.insert(Question(number, cell), until: now + timeout, within: timeout)
        return try #require(inserted)
    }

    @Test("a slot is used again, and the ticket of what was in it before removes nothing")
    func reuse() throws {
        var slots = AskSlots()
        let first = try insert(&slots, 1).ticket
        _ = slots.remove(first)
        let second = try insert(&slots, 2).ticket
        #expect(second.index == first.index && second.generation != first.generation)
        _ = slots.remove(first)
        #expect(slots.count == 1 && slots.all.map(\.uid) == [2])
        _ = slots.remove(second)
        #expect(slots.count == 0 && slots.all.isEmpty)
        _ = slots.remove(.none)
        #expect(slots.count == 0)
    }

    @Test("questions with one timeout share a timer, which goes on to the oldest that still waits")
    func oneTimer() throws {
        var slots = AskSlots()
        let tickets = try (0..<4).map { number in
            try insert(&slots, UInt64(number), at: .start + .milliseconds(100 * number))
        }
        #expect(tickets.map(\.timer) == [.arm(queue: 1), .armed, .armed, .armed])
        _ = slots.remove(tickets[0].ticket)
        _ = slots.remove(tickets[2].ticket)
        let early = slots.due(in: 1, at: .start + .seconds(1))
        #expect(early.asks.isEmpty && early.next == .start + .milliseconds(1100))
        let late = slots.due(in: 1, at: .start + .milliseconds(1100))
        #expect(late.asks.map(\.uid) == [1] && late.timeout == .seconds(1) && late.next == .start + .milliseconds(1300))
        for ticket in [tickets[1], tickets[3]] { _ = slots.remove(ticket.ticket) }
        let none = slots.due(in: 1, at: .start + .milliseconds(1300))
        #expect(none.next == nil)
        let again = try insert(&slots, 9)
        #expect(again.timer == .arm(queue: 1))
    }

    @Test("a timeout beyond those that have a queue has a timer of its own, which its end gives back")
    func manyTimeouts() throws {
        var slots = AskSlots()
        let timers = try (1...12).map { number in
            try insert(&slots, UInt64(number), within: .seconds(number)).timer
        }
        #expect(timers.prefix(8).enumerated().allSatisfy { $0.element == .arm(queue: $0.offset + 1) })
        #expect(timers.suffix(4).allSatisfy { $0 == .own })
        let own = try insert(&slots, 13, within: .seconds(99))
        let timer = ManualTimer {}
        let isSet = slots.set(timer, own.ticket)
        #expect(isSet)
        let removed = slots.remove(own.ticket)
        #expect(removed === timer)
        let isSetAgain = slots.set(timer, own.ticket)
        #expect(!isSetAgain)
        #expect(slots.all.allSatisfy { $0.uid <= 12 } && slots.count == 12)
        // The queue of a timeout that is no longer used serves another one.
        var others = AskSlots()
        let tickets = try (1...8).map { try insert(&others, UInt64($0), within: .seconds($0)).ticket }
        _ = others.remove(tickets[4])
        let none = others.due(in: 5, at: .start + .seconds(5))
        #expect(none.next == nil)
        let reused = try insert(&others, 20, within: .seconds(50))
        #expect(reused.timer == .arm(queue: 5))
    }

    @Test("a random walk agrees with a list")
    func model() throws {
        var slots = AskSlots()
        var generator = SeededGenerator(seed: 11)
        var model: [(uid: UInt64, ticket: AskTicket)] = []
        for step in 0..<20_000 as Range<UInt64> {
            if model.isEmpty || generator.next() % 100 < (step % 4000 < 2000 ? 60 : 40) {
                let timeout = Duration.seconds(Int(generator.next() % 3) + 1)
                model.append((step, try insert(&slots, step, within: timeout).ticket))
            } else {
                let index = Int(generator.next() % UInt64(model.count))
                _ = slots.remove(model.remove(at: index).ticket)
            }
            #expect(slots.count == model.count)
            if step % 500 == 0 { #expect(slots.all.map(\.uid).sorted() == model.map(\.uid)) }
        }
        let left = slots.close()
        #expect(left.map(\.uid).sorted() == model.map(\.uid))
        let refused = slots.insert(Question(1, cell), until: .start, within: .zero)
        #expect(refused == nil)
    }
}
